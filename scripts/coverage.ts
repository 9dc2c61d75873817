import { declinedOperations, errorTable, operations } from '@apsaramq/control-plane'

/** What COVERAGE.md says of a served operation. */
export interface Served {
  action: string
  methods: readonly string[]
  params: { properties: Record<string, unknown>; required?: readonly string[] | undefined }
  errors: readonly string[]
  quota: { perSecond: number }
  ram: { action: string; dependsOn: readonly string[] }
  evidence: string
}

/** What COVERAGE.md says of an error. */
export interface DocumentedError {
  status: number
  message: string
  documented: string
}

/** All that COVERAGE.md is made of. */
export interface CoverageInput {
  served: readonly Served[]
  /** Name → reason. */
  declined: Readonly<Record<string, string>>
  errors: Readonly<Record<string, DocumentedError>>
}

const byName = (a: string, b: string) => (a < b ? -1 : 1)
const code = (text: string) => `\`${text}\``
const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
const list = (texts: readonly string[]) => texts.map(code).join(', ')

function servedRow(it: Served): string {
  const required = new Set(it.params.required)
  const params = Object.keys(it.params.properties).map((name) => code(required.has(name) ? name : `${name}?`))
  const depends = it.ram.dependsOn.length > 0 ? ` with ${list(it.ram.dependsOn)}` : ''
  return row(
    code(it.action),
    it.methods.join(' '),
    params.join(', '),
    it.errors.join(', '),
    code(it.ram.action) + depends,
    String(it.quota.perSecond),
    it.evidence,
  )
}

function table(head: readonly string[], rows: readonly string[]): string {
  return [row(...head), row(...head.map(() => '---')), ...rows].join('\n')
}

function errorRow([name, { status, message, documented }]: [string, DocumentedError]): string {
  return row(code(name), String(status), message, documented)
}

/** The text of COVERAGE.md. */
export function coverageOf({ served, declined, errors }: CoverageInput): string {
  const names = Object.keys(declined).sort(byName)
  return `# Coverage

OnsMqtt 2020-04-20 has ${served.length + names.length} operations. ${served.length} are served; ${names.length} are declined by name: they answer 404 ApiNotSupport once the signature is
verified, and the log has the reason. Written by \`npm run generate\` from the table that serves them.

## Served

The errors are those of the operation itself; the gateway's stand before them for every call. The quota is in calls a second, per account.

${table(['operation', 'methods documented', 'parameters', 'errors', 'RAM action', 'quota', 'evidence'], [...served].sort((a, b) => byName(a.action, b.action)).map(servedRow))}

## Declined

${table(
  ['operation', 'why'],
  names.map((name) => row(code(name), declined[name] ?? '')),
)}

## Errors

Every code that the API answers, with its status and message. ParameterFieldCheckFailed is documented with two: 400 where a
parameter is missing or empty, 500 where it is there and fails its own check.

${table(['code', 'status', 'message', 'documented by'], Object.entries(errors).map(errorRow))}
`
}

/** COVERAGE.md as the program has it now. */
export function coverageText(): string {
  return coverageOf({ served: operations, declined: declinedOperations, errors: errorTable })
}
