import { X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogEntry } from '@apsaramq/model'
import { signedClient, type Endpoints } from '@apsaramq/testkit/http'
import { afterEach, describe, expect, it } from 'vitest'
import { createEmulator, type Emulator, type EmulatorOptions } from './create-emulator.ts'
import { StartError } from './start-error.ts'

const anyPorts = { apiPort: 0, apiTlsPort: 0, mqttsPort: 0, managementPort: 0 }
const running: Emulator[] = []

async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await createEmulator({ ...options, settings: { ...anyPorts, ephemeral: true, ...options.settings } })
  running.push(emulator)
  return emulator
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'create-emulator-'))
}

function fingerprint(file: string): string {
  return new X509Certificate(readFileSync(file)).fingerprint256
}

async function cas({ api, accessKeyId, accessKeySecret, instanceId }: Endpoints): Promise<unknown[]> {
  const client = signedClient({ endpoint: api, accessKeyId, accessKeySecret })
  const { body } = await client.call('ListCaCertificate', { MqttInstanceId: instanceId, PageNo: '1', PageSize: '10' })
  client.close()
  return (body['Data'] as { CaCertificateVOS: unknown[] }).CaCertificateVOS
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.close()))
})

describe('createEmulator', () => {
  it('is ready when it resolves: seeded, listening, and its endpoints are written for the owner alone', async () => {
    const data = folder()
    const endpointsFile = join(folder(), 'nested', 'endpoints.json')
    const { endpoints } = await start({ settings: { data, ephemeral: false, endpointsFile } })
    expect(await (await fetch(`${endpoints.management}/ready`)).json()).toEqual({ ready: true, pending: [] })
    expect(await cas(endpoints)).toHaveLength(1)
    for (const file of [endpointsFile, join(data, 'endpoints.json')]) {
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(endpoints)
      expect(statSync(file).mode & 0o777).toBe(0o600)
    }
  })

  it('K5: keeps its CAs across a restart and a reset, and makes new ones when asked', async () => {
    const data = folder()
    const settings = { data, ephemeral: false }
    const first = await start({ settings })
    const before = [fingerprint(first.endpoints.caFile), await cas(first.endpoints)]
    await running.pop()!.close()
    expect(existsSync(join(data, 'endpoints.json'))).toBe(false)

    const second = await start({ settings })
    expect([fingerprint(second.endpoints.caFile), await cas(second.endpoints)]).toEqual(before)
    await second.reset()
    expect(fingerprint(second.endpoints.caFile)).toBe(before[0])
    await second.reset({ trust: 'renew' })
    expect(fingerprint(second.endpoints.caFile)).not.toBe(before[0])
    const health = await fetch(`${second.endpoints.management}/cas`)
    expect(((await health.json()) as { cas: unknown[] }).cas).toHaveLength(1)
  })

  it('G2: resets to a seed without CA certificates', async () => {
    const logged: LogEntry[] = []
    const { endpoints, reset } = await start({ onLog: (entry) => logged.push(entry) })
    await reset({ to: 'empty' })
    expect(await cas(endpoints)).toEqual([])
    expect(logged.find(({ kind }) => kind === 'lifecycle')?.message).toBe('reset to empty, trust: keep')
    await reset()
    expect(await cas(endpoints)).toHaveLength(1)
  })

  it.each(['apiPort', 'apiTlsPort', 'mqttsPort', 'wssPort', 'mqttPort', 'wsPort', 'managementPort'] as const)(
    'leaves nothing half-started when the %s is taken',
    async (key) => {
      const blocker = createServer().listen(0, '127.0.0.1')
      await new Promise((resolve) => blocker.once('listening', resolve))
      const { port } = blocker.address() as { port: number }
      const data = folder()
      const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      const attempt = start({ settings: { data, ephemeral: false, [key]: port } })
      await expect(attempt).rejects.toThrow(
        new StartError(
          `127.0.0.1 port ${port} is in use: stop what listens there, or choose another with --${flag} (0 is any free port)`,
        ),
      )
      expect(existsSync(join(data, 'endpoints.json'))).toBe(false)
      await start({ settings: { data, ephemeral: false } })
      await new Promise((resolve) => blocker.close(resolve))
    },
  )

  it('A7: starts many at once on free ports without a collision', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => start()))
    const origins = all.flatMap(({ endpoints: { api, apiTls, mqtts, management } }) => [api, apiTls, mqtts, management])
    expect(new Set(origins).size).toBe(origins.length)
  })

  it('issues devices, makes a CA and registers it through the API', async () => {
    const { endpoints } = await start()
    const post = async (path: string, body?: unknown) => {
      const init =
        body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      const answer = await fetch(`${endpoints.management}${path}`, { method: 'POST', ...init })
      return (await answer.json()) as Record<string, unknown>
    }
    const ca = await post('/cas', { commonName: 'Second CA', keyType: 'ec', sn: '0a0b' })
    expect(ca).toMatchObject({ sn: '0a0b', commonName: 'Second CA', keyType: 'ec' })
    expect(await post('/devices', { clientId: 'GID_demo@@@1', ca: '0a0b', registered: true })).toEqual({
      error: 'IssuingError',
      message: 'the CA is not registered, so its devices cannot be; "ca register" registers it',
    })
    expect(await post('/cas/0A0B/register', { caName: 'second' })).toEqual({ sn: '0a0b' })
    const { devices } = await post('/devices', {
      clientId: 'GID_demo@@@1',
      ca: 'a0b',
      keyType: 'ec',
      registered: true,
      count: 2,
    })
    expect(devices).toMatchObject([
      { clientId: 'GID_demo@@@1-1', caSn: '0a0b', username: 'Signature|LTAIemulatorOwner001|post-cn-emulator001' },
      { clientId: 'GID_demo@@@1-2', caSn: '0a0b' },
    ])
    expect(await cas(endpoints)).toHaveLength(2)
  })

  it('closes all that is open although its endpoints file has become something else, and leaves that alone', async () => {
    const endpointsFile = join(folder(), 'endpoints.json')
    const data = folder()
    const { endpoints, close } = await start({ settings: { data, ephemeral: false, endpointsFile } })
    running.pop()
    writeFileSync(endpointsFile, 'garbage')
    await close()
    expect(readFileSync(endpointsFile, 'utf8')).toBe('garbage')
    await expect(fetch(`${endpoints.management}/ready`)).rejects.toThrow('fetch failed')
    await start({ settings: { data, ephemeral: false } })
  })

  it('says in a sentence that its endpoints cannot be written, and leaves nothing behind', async () => {
    const directory = folder()
    const attempt = start({ settings: { endpointsFile: join(directory, '.') } })
    await expect(attempt).rejects.toThrow(
      /^the endpoints cannot be written to .*; choose another with --endpoints-file$/,
    )
    expect(readdirSync(directory)).toEqual([])
  })

  it('replaces neither the key of a CA it holds nor the record of a certificate that is registered', async () => {
    const { endpoints } = await start()
    const post = async (path: string, body: unknown) => {
      const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      const answer = await fetch(`${endpoints.management}${path}`, init)
      return (await answer.json()) as { message?: string }
    }
    await post('/cas', { commonName: 'first', keyType: 'ec', sn: '0777' })
    expect((await post('/cas', { commonName: 'second', keyType: 'ec', sn: '777' })).message).toBe(
      'the emulator holds a CA with the serial number 777 already',
    )
    const device = { clientId: 'GID_demo@@@1', keyType: 'ec', sn: '0c', registered: true }
    expect((await post('/devices', device)).message).toBeUndefined()
    expect((await post('/devices', { ...device, clientId: 'GID_demo@@@2' })).message).toBe(
      'another certificate of the serial number 0c is registered under its CA',
    )
  })
})
