import { parseArgs, type ParseArgsConfig } from 'node:util'
import { UsageError } from './usage-error.ts'

/** The flags of a command: `string` takes a value, `boolean` is a switch. */
export type FlagTypes = Readonly<Record<string, 'string' | 'boolean'>>

/** What was written on the command line. */
export interface ParsedArguments {
  /** By flag name; a switch that was given is "true". */
  flags: Record<string, string | undefined>
  positionals: string[]
}

/**
 * Reads the arguments of a command.
 *
 * @throws {UsageError} for an unknown flag, a missing value, or more words than the command takes
 */
export function parseArguments(args: string[], types: FlagTypes, maxPositionals = 0): ParsedArguments {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const [flag, type] of Object.entries(types)) options[flag] = { type }
  try {
    const { values, positionals } = parseArgs({ args, options, strict: true, allowPositionals: true })
    if (positionals.length > maxPositionals) throw new UsageError(`unexpected argument: ${positionals[maxPositionals]}`)
    const flags = Object.fromEntries(Object.entries(values).map(([flag, value]) => [flag, String(value)]))
    return { flags, positionals }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(sentenceOf((error as Error).message))
  }
}

/** node:util says it in up to three lines. */
function sentenceOf(message: string): string {
  const ambiguous = /^Option '(--[\w-]+)' argument is ambiguous/.exec(message)?.[1]
  if (ambiguous) return `${ambiguous} needs a value; one that begins with a dash is written ${ambiguous}=VALUE`
  return message.split(/\.\s/)[0]!
}
