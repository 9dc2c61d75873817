#!/usr/bin/env node
import { UsageError } from './usage-error.ts'

/** What the file of a command exports. */
interface CommandModule {
  /** Its flags, a line each. */
  help(): string
  run(args: string[]): Promise<void>
}

interface Command {
  summary: string
  load(): Promise<CommandModule>
}

/** A command is loaded when it is called: `env` needs no broker. */
const commands: Record<string, Command> = {
  start: { summary: 'run the emulator until SIGINT or SIGTERM', load: () => import('./commands/start.ts') },
  status: { summary: 'where it is and whether it is ready', load: () => import('./commands/status.ts') },
  env: { summary: 'export lines for a shell', load: () => import('./commands/env.ts') },
  device: { summary: 'device create: issue device certificates', load: () => import('./commands/device.ts') },
  ca: { summary: 'ca create, ca register, ca list', load: () => import('./commands/ca.ts') },
  limits: { summary: 'limits, limits set, limits reset: calls a second', load: () => import('./commands/limits.ts') },
  reset: { summary: 'put the state back to the seed', load: () => import('./commands/reset.ts') },
}

function overview(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`)
  return `apsaramq-emulator: an emulator of ApsaraMQ for MQTT\n\n${rows.join('\n')}\n\n"COMMAND --help" tells the flags of a command\n`
}

async function main([name = 'help', ...args]: string[]): Promise<void> {
  if (['help', '--help', '-h'].includes(name)) return void process.stdout.write(overview())
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new UsageError(`${name} is no command; "help" lists them`)
  const { help, run } = await command.load()
  if (args.includes('--help')) process.stdout.write(`${name}: ${command.summary}\n${help()}\n`)
  else await run(args)
}

/** Errors whose message was written for a user; others are bugs and show where they come from. */
const spoken = new Set(['UsageError', 'ConfigurationError', 'StartError', 'DataDirectoryError'])

try {
  await main(process.argv.slice(2))
} catch (error) {
  const { name, message, stack } = error as Error
  process.stderr.write(`apsaramq-emulator: ${spoken.has(name) ? message : (stack ?? message)}\n`)
  process.exitCode = 1
}
