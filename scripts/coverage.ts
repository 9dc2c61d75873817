import { declinedOperations, errorTable, httpsOnlyDeclined, operations, noticeStatuses } from '@apsaramq/control-plane'
import { errorForms, type ErrorForm, type Form } from './error-forms.ts'
import { documentedErrorsPath, provokedErrors, titleOf, type Provoked } from './documented-errors.ts'

/** What COVERAGE.md says of a served operation. */
export interface Served {
  action: string
  methods: readonly string[]
  httpsOnly?: true
  params: { properties: Record<string, unknown>; required?: readonly string[] | undefined }
  errors: readonly string[]
  /** How it says what any operation may have to. */
  wording: Readonly<Record<string, Form>>
  quota: { perSecond: number; assumed?: string }
  ram: { action: string; dependsOn: readonly string[]; deniedAs?: Form }
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
  /** Declined operations whose only protocol is HTTPS. */
  httpsOnlyDeclined: ReadonlySet<string>
  errors: Readonly<Record<string, DocumentedError>>
  /** Code → status. */
  notice: Readonly<Record<string, number>>
  provoked: readonly Provoked[]
}

const byName = (a: string, b: string) => (a < b ? -1 : 1)
const code = (text: string) => `\`${text}\``
const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
const list = (texts: readonly string[]) => texts.map(code).join(', ')
const protocols = (isHttpsOnly: boolean) => (isHttpsOnly ? 'HTTPS' : 'HTTP HTTPS')

function table(head: readonly string[], rows: readonly string[]): string {
  return [row(...head), row(...head.map(() => '---')), ...rows].join('\n')
}

const isLater = (name: string) => /\.(?!1$)\d+$/.test(name)

/** The parameters; of a numbered list the first and the last. */
function parametersOf({ params }: Served): string {
  const required = new Set(params.required)
  const names = Object.keys(params.properties)
  const last = names.findLast(isLater)
  const shown = names.filter((name) => !isLater(name) || name === last)
  return shown.map((name) => code(required.has(name) ? name : `${name}?`)).join(', ')
}

function servedRow(it: Served): string {
  const depends = it.ram.dependsOn.length > 0 ? ` with ${list(it.ram.dependsOn)}` : ''
  return row(
    code(it.action),
    it.methods.join(' '),
    protocols(it.httpsOnly === true),
    parametersOf(it),
    it.errors.join(', '),
    code(it.ram.action) + depends,
    it.quota.assumed ? `${it.quota.perSecond} (${it.quota.assumed})` : String(it.quota.perSecond),
    it.evidence,
  )
}

function errorRow({ code: name, status, notice, message, documented, by }: ErrorForm): string {
  const said = by.length > 0 ? `${documented}; so at ${by.join(', ')}` : documented
  return row(code(name), String(status), notice === undefined ? '' : String(notice), message, said)
}

function provokedRow(it: Provoked): string {
  return row(code(it.operation), code(it.code), it.how, it.file)
}

const servedHead = [
  'operation',
  'methods documented',
  'protocols documented',
  'parameters',
  'errors',
  'RAM action',
  'quota',
  'evidence',
]

/** The text of COVERAGE.md. */
export function coverageOf(input: CoverageInput): string {
  const { served, declined, provoked } = input
  const names = Object.keys(declined).sort(byName)
  const sorted = [...served].sort((a, b) => byName(a.action, b.action))
  const [example] = provoked
  return `# Coverage

OnsMqtt 2020-04-20 has ${served.length + names.length} operations. ${served.length} are served; ${names.length} are declined by name: they answer 404 ApiNotSupport once the signature is
verified, and the log has the reason. Written by \`npm run generate\` from the table that serves them.

## Served

The errors are those of the operation itself; the gateway's stand before them for every call. The quota is in calls a second, per account.

${table(servedHead, sorted.map(servedRow))}

## Declined

${table(
  ['operation', 'protocols documented', 'why'],
  names.map((name) => row(code(name), protocols(input.httpsOnlyDeclined.has(name)), declined[name] ?? '')),
)}

## Errors

Every code that the API answers, with its status and message. A code that pages word in two ways stands twice, the second time with
the operations that word it so. The third column has the status of the later notice, where it was seen: \`--error-profile notice\`
answers with that one.

${table(['code', 'status', 'later notice', 'message', 'documented by'], errorForms(input).map(errorRow))}

## Errors, by the test that provokes them

Every error of every operation, answered over a socket. The test has the title ${example ? `\`${titleOf(example)}\`` : ''} and so on;
the rows are those of ${documentedErrorsPath}.

${table(['operation', 'code', 'how', 'test'], [...provoked].sort((a, b) => byName(titleOf(a), titleOf(b))).map(provokedRow))}
`
}

/** What COVERAGE.md is made of in this checkout. */
export function coverageInput(): CoverageInput {
  return {
    served: operations as unknown as readonly Served[], // a wording is a record of forms, though its keys are known
    declined: declinedOperations,
    httpsOnlyDeclined,
    errors: errorTable,
    notice: noticeStatuses,
    provoked: provokedErrors(),
  }
}

/** COVERAGE.md as the program has it now. */
export function coverageText(): string {
  return coverageOf(coverageInput())
}
