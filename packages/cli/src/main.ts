#!/usr/bin/env node
import { caCommand, caHelp } from './commands/ca.ts'
import { deviceCreate, deviceCreateHelp } from './commands/device-create.ts'
import { env } from './commands/env.ts'
import { reset, resetHelp } from './commands/reset.ts'
import { start, startHelp } from './commands/start.ts'
import { status } from './commands/status.ts'
import { UsageError } from './usage-error.ts'

interface Command {
  summary: string
  help(): string
  run(args: string[]): Promise<void>
}

async function device([name, ...args]: string[]): Promise<void> {
  if (name !== 'create') throw new UsageError(`device ${name ?? ''} is no command: device create`)
  await deviceCreate(args)
}

const whereHelp = '  --data DIR, --endpoints-file FILE   which emulator'

const commands: Record<string, Command> = {
  start: { summary: 'run the emulator until SIGINT or SIGTERM', help: startHelp, run: start },
  status: { summary: 'where it is and whether it is ready', help: () => `${whereHelp}\n  --json`, run: status },
  env: { summary: 'export lines for a shell', help: () => whereHelp, run: env },
  device: { summary: 'device create: issue device certificates', help: () => deviceCreateHelp, run: device },
  ca: { summary: 'ca create, ca register, ca list', help: () => caHelp, run: caCommand },
  reset: { summary: 'put the state back to the seed', help: () => resetHelp, run: reset },
}

function overview(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`)
  return `apsaramq-emulator: an emulator of ApsaraMQ for MQTT\n\n${rows.join('\n')}\n\n"COMMAND --help" tells the flags of a command\n`
}

async function run([name = 'help', ...args]: string[]): Promise<void> {
  if (['help', '--help', '-h'].includes(name)) return void process.stdout.write(overview())
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new UsageError(`${name} is no command; "help" lists them`)
  if (args.includes('--help')) return void process.stdout.write(`${name}: ${command.summary}\n${command.help()}\n`)
  await command.run(args)
}

/** Errors whose message was written for a user; others are bugs and show where they come from. */
const spoken = new Set(['UsageError', 'ConfigurationError', 'StartError', 'DataDirectoryError'])

try {
  await run(process.argv.slice(2))
} catch (error) {
  const { name, message, stack } = error as Error
  process.stderr.write(`apsaramq-emulator: ${spoken.has(name) ? message : (stack ?? message)}\n`)
  process.exitCode = 1
}
