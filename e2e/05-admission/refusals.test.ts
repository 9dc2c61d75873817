import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  deviceClient,
  startProgram,
  waitForConnect,
  waitForRefusal,
  type Endpoints,
  type Program,
} from '@apsaramq/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { describeWith } from '../support/describe-with.ts'
import { anyPorts } from '../support/any-ports.ts'
import { makeDevice, registerCa } from '../support/certificates.ts'
import { expectExplained, explanation } from '../support/explained.ts'
import { refusedDevices, type Presented, type Stage } from '../support/refused-devices.ts'
import { describeOwnProgram, ownerClient, target } from '../support/target.ts'
import { mosquittoPub } from '../support/tools.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
})
const client = ownerClient()
afterAll(async () => {
  client.close()
  await rm(directory, { recursive: true, force: true })
})

async function expectRefused(stage: Stage, presented: Presented, how: { by: string; code?: number }, cause: string) {
  const { clientId, key = '', chain = '', username, password } = presented
  const credentials = username ? { username, password: password ?? '' } : {}
  const refused = deviceClient({
    endpoints: stage.endpoints,
    device: { clientId, key, chain, ...credentials },
    reconnectPeriod: 0,
  })
  onTestFinished(() => refused.endAsync(true))
  expect(await waitForRefusal(refused)).toMatchObject({ state: 'refused', ...how })
  await expectExplained({ clientId }, cause, stage.endpoints.management)
  if (presented.sn) await expectExplained({ sn: presented.sn }, cause, stage.endpoints.management)
}

describe('cut, as the documented flow ends the connection', () => {
  test.each(refusedDevices)('C10 F3: $what is refused as $cause', async ({ make, cause }) => {
    const stage = { client, directory, endpoints: target }
    await expectRefused(stage, await make(stage), { by: 'cut' }, cause)
  })

  test('F3: the explanation of an inactive device names when, by which access key and by which request', async () => {
    const stage = { client, directory, endpoints: target }
    const presented = await refusedDevices.find(({ cause }) => cause === 'device-inactive')!.make(stage)
    await expectRefused(stage, presented, { by: 'cut' }, 'device-inactive')
    const told = await explanation({ sn: presented.sn! })
    if (!told) return
    expect(told.answer).toMatch(
      new RegExp(
        `^refused at \\d{4}-.*: the device certificate is inactive \\(device-inactive\\).* inactive since \\d{4}-.* by access key ${target.accessKeyId}, request [0-9A-F-]{36}`,
      ),
    )
  })
})

describeOwnProgram('connack, as the standard has it', () => {
  let program: Program
  let stage: Stage
  let dataDir: string
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
    program = await startProgram({ args: ['start', ...anyPorts, '--reject-at', 'connack'], dataDir })
    const endpoints: Endpoints = program.endpoints()
    stage = { client: ownerClient(endpoints), directory, endpoints }
  })
  afterAll(async () => {
    stage?.client.close()
    await program?.stop()
    await rm(dataDir, { recursive: true, force: true })
  })

  test.each(refusedDevices)('C10 F3: $what is answered $code, for $cause', async ({ make, cause, code }) => {
    await expectRefused(stage, await make(stage), { by: 'connack', code }, cause)
  })

  describeWith(mosquittoPub, 'mosquitto_pub', () => {
    test('C10: exits with the code of the CONNACK', async () => {
      const presented = await refusedDevices.find(({ cause }) => cause === 'device-inactive')!.make(stage)
      expect(await publishOnce(stage, presented)).toMatchObject({ code: 5 })
    })
  })
})

describeWith(mosquittoPub, 'mosquitto_pub', () => {
  test('C1: publishes with a certificate, and a subscriber hears it', async () => {
    const stage = { client, directory, endpoints: target }
    const ca = await registerCa(client, directory)
    const listener = deviceClient({ endpoints: target, device: await makeDevice(ca) })
    onTestFinished(() => listener.endAsync(true))
    await waitForConnect(listener)
    await listener.subscribeAsync('demo/pub', { qos: 1 })
    const heard = new Promise((resolve) => void listener.once('message', (_, payload) => resolve(payload.toString())))
    expect(await publishOnce(stage, await makeDevice(ca))).toMatchObject({ code: 0 })
    expect(await heard).toBe('hello')
  })

  test('C10: a refusal by cut is exit code 7, a lost connection', async () => {
    const stage = { client, directory, endpoints: target }
    const presented = await refusedDevices.find(({ cause }) => cause === 'device-inactive')!.make(stage)
    const { code, said } = await publishOnce(stage, presented)
    expect([1, 7], said).toContain(code) // 1 when the write loses the race against the end of the connection
  })
})

async function publishOnce({ endpoints }: Stage, { clientId, key = '', chain = '' }: Presented) {
  const [keyFile, certFile] = [join(directory, `${clientId}.key`), join(directory, `${clientId}.crt`)]
  await writeFile(keyFile, key)
  await writeFile(certFile, chain)
  const { hostname, port } = new URL(endpoints.mqtts)
  const files = ['--cafile', endpoints.caFile, '--key', keyFile, '--cert', certFile]
  const what = ['-t', 'demo/pub', '-m', 'hello', '-q', '1']
  const child = spawn(mosquittoPub.path!, ['-h', hostname, '-p', port, '-i', clientId, ...files, ...what])
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, said }
}
