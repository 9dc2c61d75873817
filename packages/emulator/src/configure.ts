import { readFileSync } from 'node:fs'
import type { DelayPolicy } from '@apsaramq/broker'
import { environmentName, options, type Option, type Settings } from './options.ts'
import { sourceIpLimitText } from './option-values.ts'

/** A setting that cannot be used; the message is one sentence for a user. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

/** Where the value of a setting came from. */
export type Origin = 'default' | 'flag' | 'environment' | 'file'

/** The settings of a run and where each came from. */
export interface Configuration {
  settings: Settings
  origins: Record<keyof Settings, Origin>
}

/** Settings as they were written, by source. */
export interface Sources {
  /** By flag name, without dashes; a switch has the value "true". */
  flags?: Readonly<Record<string, string | undefined>>
  environment?: Readonly<Record<string, string | undefined>>
  /** Path of a JSON file whose keys are those of {@link Settings}. */
  file?: string | undefined
}

function readFile(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`the configuration file ${file} cannot be read: ${(error as Error).message}`)
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw new ConfigurationError(`the configuration file ${file} is not JSON: ${(error as Error).message}`)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new ConfigurationError(`the configuration file ${file} must hold one JSON object`)
  }
  const unknown = Object.keys(content).find((key) => !options.some((option) => option.key === key))
  if (unknown !== undefined)
    throw new ConfigurationError(`the configuration file ${file} has an unknown key: ${unknown}`)
  return content as Record<string, unknown>
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value)
}

/** The first source that names the option, in order of precedence: flag, environment, file. */
function written(option: Option, sources: Sources, file: Record<string, unknown>) {
  const variable = environmentName(option.flag)
  const candidates = [
    { origin: 'flag', text: sources.flags?.[option.flag], shown: `--${option.flag}` },
    { origin: 'environment', text: sources.environment?.[variable], shown: variable },
    { origin: 'file', text: option.key in file ? textOf(file[option.key]) : undefined, shown: option.key },
  ] as const
  return candidates.find((candidate) => candidate.text !== undefined)
}

/**
 * Puts the settings of a run together: flags before environment before file before default.
 *
 * @throws {ConfigurationError} naming the first value that cannot be used
 */
export function configure(sources: Sources = {}): Configuration {
  const file = sources.file === undefined ? {} : readFile(sources.file)
  const settings: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const option of options) {
    const found = written(option, sources, file)
    settings[option.key] = found ? parsed(option, found.shown, found.text!) : option.initial
    origins[option.key] = found ? found.origin : 'default'
  }
  // every key of the table was set above, and the table's rows are typed by key
  return { settings, origins } as unknown as Configuration
}

function parsed(option: Option, shown: string, text: string): unknown {
  try {
    return option.parse(text)
  } catch (error) {
    throw new ConfigurationError(`${shown} ${JSON.stringify(text)} ${(error as Error).message}`)
  }
}

/** A setting as a user would write it. */
export function settingText(value: Settings[keyof Settings]): string {
  if (typeof value === 'object' && 'kind' in value) {
    return value.kind === 'delay' ? delayText(value) : value.kind
  }
  if (typeof value === 'object' && 'mode' in value) return sourceIpLimitText(value)
  return textOf(value)
}

function delayText({ delayMs, jitterMs }: DelayPolicy): string {
  return `delay:${delayMs}${jitterMs === undefined ? '' : `,${jitterMs}`}`
}

/** What a start tells of its settings: a line for each that is not the default. Tokens are not shown. */
export function describeConfiguration({ settings, origins }: Configuration): string[] {
  return options
    .filter((option) => origins[option.key] !== 'default')
    .map((option) => {
      const text = option.key === 'managementToken' ? '(set)' : settingText(settings[option.key])
      return `${option.flag} = ${text} (${origins[option.key]}; default ${settingText(option.initial) || 'none'})`
    })
}

/** Whether the option of a flag differs from its default. */
export function isChanged(settings: Settings, flag: string): boolean {
  const option = options.find((row) => row.flag === flag)
  return option !== undefined && settingText(settings[option.key]) !== settingText(option.initial)
}
