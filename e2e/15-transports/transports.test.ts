import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { connect, type MqttClient } from 'mqtt'
import { runProgram, type SignedClient } from '@apsaramq/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeDevice, registerCa, type Device, type RegisteredCa } from '../support/certificates.ts'
import { describeWith } from '../support/describe-with.ts'
import { expectExplained } from '../support/explained.ts'
import { ownProgram } from '../support/own-program.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, group, ownerClient, topic, unique } from '../support/target.ts'
import { pahoPython } from '../support/tools.ts'
import {
  guestOf,
  messageTo,
  mqttJs,
  happened,
  oneWayInstance,
  paho,
  urlOf,
  type Guest,
  type TransportKey,
} from './by-transport.ts'

describeOwnProgram('transports', () => {
  const shared = sharedProgram()
  let directory: string
  let client: SignedClient
  let ca: RegisteredCa
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
    client = ownerClient(shared.endpoints)
    ca = await registerCa(client, directory, shared.endpoints)
  })
  afterAll(async () => {
    client.close()
    await rm(directory, { recursive: true, force: true })
  })

  async function change(action: string, { sn, caSn }: Device): Promise<void> {
    const parameters = { MqttInstanceId: shared.endpoints.instanceId, DeviceSn: sn, CaSn: caSn }
    const { status, body } = await client.call(action, parameters)
    expect({ status, code: body.Code }).toEqual({ status: 200, code: undefined })
  }

  function byMqttJs(transport: TransportKey, guest: Guest): MqttClient {
    const one = mqttJs(shared.endpoints, transport, guest)
    onTestFinished(() => one.endAsync(true))
    one.on('error', () => undefined) // of a refusal the close tells as well
    return one
  }

  const explained = (clientId: string, cause: string) =>
    expectExplained({ clientId }, cause, shared.endpoints.management)

  describe('A6: where they are', () => {
    test('is in the endpoints file, the output of start, env and status', async () => {
      const { mqtts, wss, mqtt, ws } = shared.endpoints
      expect([mqtts, wss, mqtt, ws]).toEqual([
        expect.stringMatching(/^mqtts:\/\/127\.0\.0\.1:\d+$/),
        expect.stringMatching(/^wss:\/\/127\.0\.0\.1:\d+\/mqtt$/),
        expect.stringMatching(/^mqtt:\/\/127\.0\.0\.1:\d+$/),
        expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/mqtt$/),
      ])
      expect(shared.program.stdout()).toContain(`MQTT        ${mqtts}  ${wss}  ${mqtt}  ${ws}\n`)
      const dataDir = join(shared.endpoints.caFile, '../..')
      const { stdout: exported } = await runProgram({ args: ['env'], dataDir })
      expect(exported).toContain(
        `export APSARAMQ_MQTTS='${mqtts}'\nexport APSARAMQ_WSS='${wss}'\nexport APSARAMQ_MQTT='${mqtt}'\nexport APSARAMQ_WS='${ws}'\n`,
      )
      const { stdout: status } = await runProgram({ args: ['status'], dataDir })
      for (const url of [mqtts, wss, mqtt, ws]) expect(status).toContain(` ${url}\n`)
    })

    test('is nowhere for one that is off', async () => {
      const dataDir = join(directory, 'off')
      const program = await ownProgram(['--wss-port', 'off', '--mqtt-port', 'off', '--ws-port', 'off'], { dataDir })
      const { mqtts, wss, mqtt, ws } = program.endpoints()
      expect([wss, mqtt, ws]).toEqual([undefined, undefined, undefined])
      expect(program.stdout()).toContain(`MQTT        ${mqtts}\n`)
      const { code, stdout } = await runProgram({ args: ['env'], dataDir })
      expect({ code, unset: /APSARAMQ_(WSS|MQTT|WS)=/.exec(stdout) }).toEqual({ code: 0, unset: null })
    })
  })

  /** What one who was connected by wss must see; the clients tell it in ways of their own. */
  describe('C5: by wss a device that is inactivated', () => {
    test('loses its connection, is refused, and recovers by itself: mqtt.js', async () => {
      const device = await makeDevice(ca)
      const one = byMqttJs('wss', { clientId: device.clientId, device })
      await happened(one, 'connect')
      const lost = happened(one, 'close')
      const refused = lost.then(() => happened(one, 'close'))
      await change('InactivateDeviceCertificate', device)
      await lost
      await refused
      await explained(device.clientId, 'device-inactive')
      const back = happened(one, 'connect')
      await change('ActiveDeviceCertificate', device)
      await back
    })

    describeWith(pahoPython, 'Paho', () => {
      test('loses its connection, is refused, and recovers by itself: Paho Python', async () => {
        const device = await makeDevice(ca)
        const where = `${topic}/${unique()}`
        const live = paho(shared.endpoints, 'wss', { clientId: device.clientId, device }, where)
        onTestFinished(() => live.stop())
        await live.online()
        const speaker = byMqttJs('mqtts', { clientId: `${group}@@@${unique('s')}`, device: await makeDevice(ca) })
        const heard = live.received('before')
        await speaker.publishAsync(where, 'before', { qos: 1 })
        await heard
        const lost = live.offline()
        await change('InactivateDeviceCertificate', device)
        await lost
        await live.refused()
        await explained(device.clientId, 'device-inactive')
        const back = live.online()
        await change('ActiveDeviceCertificate', device)
        await back
      })
    })

    test('is offline when the answer is read', async () => {
      const device = await makeDevice(ca)
      const one = byMqttJs('wss', { clientId: device.clientId, device })
      await happened(one, 'connect')
      const lost = happened(one, 'close')
      await change('InactivateDeviceCertificate', device)
      const { sessions } = (await shared.management.request('GET', '/sessions')) as {
        sessions: { clientId: string }[]
      }
      expect(sessions.map(({ clientId }) => clientId)).not.toContain(device.clientId)
      await lost
    })
  })

  describe('C4: by wss a TLS session that is resumed', () => {
    test.each(['TLSv1.2', 'TLSv1.3'] as const)('is asked again, %s', async (version) => {
      const device = await makeDevice(ca)
      const sessions: Buffer[] = []
      /** mqtt.js as it is, on a TLS connection that is resumed where there is a session; without the certificate then. */
      async function attempt(session?: Buffer): Promise<{ one: MqttClient; accepted: boolean; resumed: boolean }> {
        const { hostname, port } = new URL(urlOf(shared.endpoints, 'wss'))
        let resumed = false
        const createConnection = () => {
          const socket = connectTls({
            host: hostname,
            port: Number(port),
            ca: readFileSync(shared.endpoints.caFile),
            maxVersion: version,
            ...(session ? { session } : { key: device.key, cert: device.chain }),
          })
          socket.once('secureConnect', () => (resumed = socket.isSessionReused()))
          return socket.on('session', (ticket: Buffer) => void sessions.push(ticket))
        }
        const one = connect(urlOf(shared.endpoints, 'wss'), {
          clientId: device.clientId,
          reconnectPeriod: 0,
          wsOptions: { createConnection },
        })
        onTestFinished(() => one.endAsync(true))
        one.on('error', () => undefined)
        const accepted = await Promise.race([
          happened(one, 'connect').then(() => true),
          happened(one, 'close').then(() => false),
        ])
        return { one, accepted, resumed }
      }
      const first = await attempt()
      expect(first).toMatchObject({ accepted: true, resumed: false })
      await first.one.endAsync()
      const second = await attempt(sessions.at(-1))
      expect(second).toMatchObject({ accepted: true, resumed: true })
      await second.one.endAsync()
      await change('InactivateDeviceCertificate', device)
      expect(await attempt(sessions.at(-1))).toMatchObject({ accepted: false, resumed: true })
      await explained(device.clientId, 'device-inactive')
    })
  })

  describe('C1: an instance of one-way TLS', () => {
    const transports = ['mqtts', 'wss', 'mqtt', 'ws'] as const

    test('takes mqtt.js by every transport, and brings what one says to all', async () => {
      const instanceId = oneWayInstance(shared.endpoints)
      const where = `${topic}/${unique()}`
      const all = await Promise.all(
        transports.map(async (transport) => {
          const clientId = `${group}@@@${unique(transport)}`
          const one = byMqttJs(transport, guestOf(shared.endpoints, instanceId, clientId))
          await happened(one, 'connect')
          await one.subscribeAsync(where, { qos: 1 })
          return { clientId, one }
        }),
      )
      const heard = all.map(({ one }) => messageTo(one))
      await all[0]!.one.publishAsync(where, 'to all', { qos: 1 })
      expect(await Promise.all(heard)).toEqual(transports.map(() => 'to all'))
      for (const { clientId, one } of all) {
        const query = await client.call('QuerySessionByClientId', { InstanceId: instanceId, ClientId: clientId })
        expect(query.body).toMatchObject({ OnlineStatus: true })
        const closed = happened(one, 'close')
        one.options.reconnectPeriod = 0
        expect((await client.call('CloseConnection', { InstanceId: instanceId, ClientId: clientId })).status).toBe(200)
        await closed
      }
    })

    describeWith(pahoPython, 'Paho', () => {
      test.each(transports)('takes Paho Python by %s', async (transport) => {
        const instanceId = oneWayInstance(shared.endpoints)
        const where = `${topic}/${unique()}`
        const guest = guestOf(shared.endpoints, instanceId, `${group}@@@${unique('p')}`)
        const live = paho(shared.endpoints, transport, guest, where)
        onTestFinished(() => live.stop())
        await live.online()
        const speaker = byMqttJs('ws', guestOf(shared.endpoints, instanceId, `${group}@@@${unique('s')}`))
        const heard = live.received('hello')
        await speaker.publishAsync(where, 'hello', { qos: 1 })
        await heard
      })
    })

    test.each([
      ['mqtt', 'no password', 'bad-credentials'],
      ['ws', 'no password', 'bad-credentials'],
      ['ws', 'a password of another', 'bad-credentials'],
      ['mqtt', 'the instance of mutual TLS', 'tls-required'],
      ['ws', 'the instance of mutual TLS', 'tls-required'],
      ['wss', 'the instance of mutual TLS', 'no-certificate'],
      ['mqtts', 'the instance of mutual TLS', 'no-certificate'],
    ] as const)('C10: refuses, by %s, who comes with %s: %s', async (transport, what, cause) => {
      const clientId = `${group}@@@${unique('r')}`
      const open = oneWayInstance(shared.endpoints)
      const right = guestOf(shared.endpoints, what.startsWith('the') ? shared.endpoints.instanceId : open, clientId)
      const password = what === 'no password' ? undefined : what === 'a password of another' ? 'x' : right.password
      const { password: _, ...rest } = right
      const one = byMqttJs(transport, { ...rest, ...(password !== undefined && { password }) })
      await happened(one, 'close')
      await explained(clientId, cause)
    })
  })
})
