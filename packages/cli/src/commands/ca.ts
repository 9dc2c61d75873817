import { parseArguments } from '../arguments.ts'
import { managementFlags, openManagement, type Management } from '../management.ts'
import { UsageError } from '../usage-error.ts'

/** The help of `ca`. */
export const help = () => `  ca create --name NAME [--ec] [--sn HEX]       makes a CA; the emulator keeps its key
  ca register --sn HEX [--name NAME] [--instance ID]   registers it through the API, as its owner
  ca list                                       registered CAs and those whose key is held
  --json, --data DIR, --management URL, --management-token TOKEN`

interface CaRow {
  sn: string
  name: string
  registered: boolean
  status?: string
  instanceId?: string
  keyHeld: boolean
}

type Flags = Record<string, string | undefined>

async function withManagement<T>(flags: Flags, work: (management: Management) => Promise<T>): Promise<T> {
  const management = await openManagement(flags)
  try {
    return await work(management)
  } finally {
    await management.close()
  }
}

async function create(args: string[]): Promise<void> {
  const types = { ...managementFlags, name: 'string', ec: 'boolean', sn: 'string', json: 'boolean' } as const
  const { flags } = parseArguments(args, types)
  if (flags['name'] === undefined) throw new UsageError('ca create needs --name NAME')
  const body = {
    commonName: flags['name'],
    keyType: flags['ec'] ? 'ec' : 'rsa',
    ...(flags['sn'] === undefined ? {} : { sn: flags['sn'] }),
  }
  const made = await withManagement(flags, ({ request }) =>
    request<{ sn: string; certificate: string }>('POST', '/cas', body),
  )
  process.stdout.write(flags['json'] ? `${JSON.stringify(made)}\n` : `${made.sn}\n${made.certificate}`)
}

async function register(args: string[]): Promise<void> {
  const types = { ...managementFlags, sn: 'string', name: 'string', instance: 'string', json: 'boolean' } as const
  const { flags } = parseArguments(args, types)
  if (flags['sn'] === undefined) throw new UsageError('ca register needs --sn HEX; "ca list" shows the CAs')
  const body = {
    ...(flags['name'] === undefined ? {} : { caName: flags['name'] }),
    ...(flags['instance'] === undefined ? {} : { instanceId: flags['instance'] }),
  }
  const path = `/cas/${encodeURIComponent(flags['sn'])}/register`
  const made = await withManagement(flags, ({ request }) => request<{ sn: string }>('POST', path, body))
  process.stdout.write(flags['json'] ? `${JSON.stringify(made)}\n` : `${made.sn} is registered and active\n`)
}

async function list(args: string[]): Promise<void> {
  const { flags } = parseArguments(args, { ...managementFlags, json: 'boolean' })
  const { cas } = await withManagement(flags, ({ request }) => request<{ cas: CaRow[] }>('GET', '/cas'))
  for (const ca of cas) {
    const state = ca.registered ? `${ca.status} on ${ca.instanceId}` : 'not registered'
    const line = `${ca.sn}  ${ca.name}  ${state}${ca.keyHeld ? '' : '  (key not held)'}`
    process.stdout.write(`${flags['json'] ? JSON.stringify(ca) : line}\n`)
  }
}

const subcommands: Record<string, (args: string[]) => Promise<void>> = { create, register, list }

/** `ca create|register|list`. */
export async function run([name = '', ...args]: string[]): Promise<void> {
  const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
  if (!subcommand) throw new UsageError(`ca ${name} is no command: ca create, ca register or ca list`)
  await subcommand(args)
}
