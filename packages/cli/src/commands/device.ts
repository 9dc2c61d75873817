import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { maxDevicesPerRequest, type IssuedDevice } from '@apsaramq/testkit/http'
import { parseArguments } from '../arguments.ts'
import { dataDirectory, managementFlags, openManagement } from '../management.ts'
import { UsageError } from '../usage-error.ts'

const flagTypes = {
  ...managementFlags,
  'client-id': 'string',
  ca: 'string',
  sn: 'string',
  ec: 'boolean',
  expired: 'boolean',
  'not-yet-valid': 'boolean',
  'wrong-ca': 'boolean',
  count: 'string',
  registered: 'boolean',
  out: 'string',
  json: 'boolean',
} as const

/** The help of `device create`. */
export const help = () => `  --client-id ID     client id, and common name of the certificate
  --ca SN            CA to issue from; the seed's unless told
  --sn HEX           serial number; random unless told
  --ec               P-256 instead of RSA 2048
  --expired, --not-yet-valid, --wrong-ca   certificates that must be refused
  --count N          ID-1 … ID-N
  --registered       enter them in the store as if they had connected once
  --out DIR          where the files go; <data>/devices unless told
  --json             one JSON object a line instead of files (files, too, with --out)
  --data DIR, --management URL, --management-token TOKEN   which emulator`

type Flags = Record<string, string | undefined>

function countOf(flags: Flags): number {
  const text = flags['count'] ?? '1'
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`--count ${text} is no number from 1 to 9999999`)
  return Number(text)
}

function requestOf(flags: Flags): Record<string, unknown> {
  if (flags['client-id'] === undefined) throw new UsageError('device create needs --client-id GID_…@@@…')
  if (flags['expired'] && flags['not-yet-valid'])
    throw new UsageError('--expired and --not-yet-valid exclude each other')
  const validity = (flags['expired'] && 'expired') || (flags['not-yet-valid'] && 'not-yet-valid') || undefined
  return {
    clientId: flags['client-id'],
    ca: flags['ca'],
    sn: flags['sn'],
    keyType: flags['ec'] ? 'ec' : 'rsa',
    validity,
    wrongCa: flags['wrong-ca'] === 'true',
    registered: flags['registered'] === 'true',
  }
}

/** Requests of at most as many devices as one answer may hold. */
function* slices(request: Record<string, unknown>, count: number): Generator<Record<string, unknown>> {
  if (count === 1) yield request
  else
    for (let first = 1; first <= count; first += maxDevicesPerRequest) {
      const size = Math.min(maxDevicesPerRequest, count - first + 1)
      // a last slice of one still bears its number
      yield size === 1
        ? { ...request, clientId: `${request['clientId']}-${first}` }
        : { ...request, count: size, first }
    }
}

function fileName(clientId: string): string {
  return clientId.replace(/[^\w@.-]/g, '_')
}

async function writeFiles(device: IssuedDevice, directory: string): Promise<string[]> {
  const files: [string, string | Buffer][] = [
    ['key.pem', device.key],
    ['crt.pem', device.cert],
    ['chain.pem', device.chain],
    ...(device.p12 === undefined ? [] : ([['p12', Buffer.from(device.p12, 'base64')]] as [string, Buffer][])),
  ]
  const base = join(directory, fileName(device.clientId))
  await Promise.all(files.map(([end, content]) => writeFile(`${base}.${end}`, content, { mode: 0o600 })))
  return files.map(([end]) => `${base}.${end}`)
}

function describe(device: IssuedDevice, files: string[]): string {
  const { clientId, deviceSn, caSn, username, password, p12Password } = device
  const secret = p12Password === undefined ? '' : `\n  PKCS#12 password ${p12Password}`
  return `${clientId}\n  DeviceSn ${deviceSn}\n  CaSn ${caSn}\n  username ${username}\n  password ${password}${secret}\n  ${files.join('\n  ')}\n`
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new UsageError(`--out ${directory} cannot be used: ${(error as Error).message}`)
  }
}

async function hand(devices: IssuedDevice[], flags: Flags, directory: string | undefined): Promise<void> {
  if (directory !== undefined) await makeDirectory(directory)
  for (const device of devices) {
    const files = directory === undefined ? [] : await writeFiles(device, directory)
    process.stdout.write(flags['json'] ? `${JSON.stringify(device)}\n` : describe(device, files))
  }
}

/** `device create`: issues device certificates. */
export async function run([name = '', ...args]: string[]): Promise<void> {
  if (name !== 'create') throw new UsageError(`device ${name} is no command: device create`)
  const { flags } = parseArguments(args, flagTypes)
  const request = requestOf(flags)
  const count = countOf(flags)
  const wanted = flags['out'] ?? (flags['json'] ? undefined : join(dataDirectory(flags), 'devices'))
  const directory = wanted === undefined ? undefined : resolve(wanted)
  const management = await openManagement(flags)
  try {
    for (const slice of slices(request, count)) {
      const { devices } = await management.request<{ devices: IssuedDevice[] }>('POST', '/devices', slice)
      await hand(devices, flags, directory)
    }
  } finally {
    await management.close()
  }
}
