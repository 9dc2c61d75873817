import { parseArguments } from '../arguments.ts'
import { managementFlags, requestRunning } from '../management.ts'
import { UsageError } from '../usage-error.ts'

/** The help of `limits`. */
export const help = () => `  limits                         the rules in force, and the callers the most refused first
  limits set N [--action NAME] [--account ID] [--rule NAME]   N calls a second from the next call on
  limits reset                   back to what is configured; no call is forgotten
  --json, --data DIR, --management URL, --management-token TOKEN`

interface Rule {
  name: string
  scope: string
  per: string
  algorithm: string
  mode: string
  limit: number | null
  origin: string | null
  particular: { perSecond: number; action: string | null; accountId: string | null; origin: string }[]
}

interface Limits {
  rules: Rule[]
  usage: {
    rule: string
    caller: string
    action: string | null
    limit: number
    used: number
    allowed: number
    refused: number
    resetsInMs: number
  }[]
  more: number
}

type Cell = string | number

/** Columns as wide as their widest cell, the last as it is. */
function table(rows: readonly Cell[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  const lineOf = (row: Cell[]) => row.map((cell, column) => String(cell).padEnd(widths[column]!)).join('  ')
  return rows.map((row) => `${lineOf(row).trimEnd()}\n`).join('')
}

function ruleRows({ name, scope, per, algorithm, mode, limit, origin, particular }: Rule): Cell[][] {
  const general = limit === null ? [] : [[name, scope, per, algorithm, mode, '', limit, origin ?? '']]
  const rest = particular.map((one) => {
    const about = [one.action, one.accountId && `account ${one.accountId}`].filter(Boolean).join(', ')
    return [name, scope, per, algorithm, mode, about, one.perSecond, one.origin]
  })
  return [...general, ...rest]
}

function rulesText(rules: readonly Rule[]): string {
  const head = ['RULE', 'SCOPE', 'PER', 'ALGORITHM', 'MODE', 'OF', 'CALLS/S', 'ORIGIN']
  return table([head, ...rules.flatMap(ruleRows)])
}

function usageRow({
  rule,
  caller,
  action,
  used,
  limit,
  allowed,
  refused,
  resetsInMs,
}: Limits['usage'][number]): Cell[] {
  return [rule, caller, action ?? 'all operations', `${used}/${limit}`, allowed, refused, `${resetsInMs} ms`]
}

function usageText({ usage, more }: Limits): string {
  if (usage.length === 0) return 'no call was counted yet\n'
  const head = ['RULE', 'CALLER', 'OPERATION', 'USED', 'ALLOWED', 'REFUSED', 'RESETS IN']
  const rest = more > 0 ? `and ${more} more: GET /limits?rule&action&accountId\n` : ''
  return `${table([head, ...usage.map(usageRow)])}${rest}`
}

const common = { ...managementFlags, json: 'boolean' } as const

function print(flags: Record<string, string | undefined>, answer: object, text: string): void {
  process.stdout.write(flags['json'] ? `${JSON.stringify(answer)}\n` : text)
}

async function show(args: string[]): Promise<void> {
  const { flags } = parseArguments(args, common)
  const request = await requestRunning(flags)
  const limits = await request<Limits>('GET', '/limits?limit=50')
  print(flags, limits, `${rulesText(limits.rules)}\n${usageText(limits)}`)
}

async function set(args: string[]): Promise<void> {
  const { flags, positionals } = parseArguments(
    args,
    { ...common, action: 'string', account: 'string', rule: 'string' },
    1,
  )
  const [calls] = positionals
  if (calls === undefined) throw new UsageError('limits set needs the calls a second: limits set 1000')
  const { action, account, rule } = flags
  const request = await requestRunning(flags)
  const made = await request<{ rule: string; limit: number; before: number | null }>('PUT', '/limits', {
    limit: /^-?\d+(\.\d+)?$/.test(calls) ? Number(calls) : calls,
    ...(action !== undefined && { action }),
    ...(account !== undefined && { accountId: account }),
    ...(rule !== undefined && { rule }),
  })
  print(
    flags,
    made,
    `${made.limit} calls a second from the next call on, before ${made.before ?? 'none'}; rule ${made.rule}\n`,
  )
}

async function reset(args: string[]): Promise<void> {
  const { flags } = parseArguments(args, common)
  const request = await requestRunning(flags)
  const { rules } = await request<{ rules: Rule[] }>('DELETE', '/limits')
  print(flags, { rules }, rulesText(rules))
}

const subcommands: Record<string, (args: string[]) => Promise<void>> = { set, reset }

/** `limits`, `limits set N`, `limits reset`. */
export async function run(args: string[]): Promise<void> {
  const [name = ''] = args
  if (name === '' || name.startsWith('-')) return show(args)
  const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
  if (!subcommand) throw new UsageError(`limits ${name} is no command: limits, limits set or limits reset`)
  await subcommand(args.slice(1))
}
