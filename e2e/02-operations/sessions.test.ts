import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type PopCore from '@alicloud/pop-core'
import { deviceClient, waitForConnect, waitForDisconnect } from '@apsaramq/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeDevice, registerCa, type RegisteredCa } from '../support/certificates.ts'
import { describeWith } from '../support/describe-with.ts'
import { expectExplained, explanation } from '../support/explained.ts'
import { liveClients } from '../support/live-clients.ts'
import { sdks, type Caller } from '../support/sdk.ts'
import { group, ownerClient, target, topic, unique } from '../support/target.ts'

const InstanceId = target.instanceId
const owner: Caller = { accessKeyId: target.accessKeyId, accessKeySecret: target.accessKeySecret, endpoints: target }
const RequestId: unknown = expect.stringMatching(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/)
const closed = { Code: 200, Message: 'operation success.', Success: true }

const client = ownerClient()
let directory: string
let ca: RegisteredCa
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
  ca = await registerCa(client, directory)
})
afterAll(async () => {
  client.close()
  await rm(directory, { recursive: true, force: true })
})

/** A device that is connected. */
async function connected(reconnectPeriod = 0) {
  const device = await makeDevice(ca)
  const mqtt = deviceClient({ endpoints: target, device, reconnectPeriod })
  onTestFinished(() => mqtt.endAsync(true))
  await waitForConnect(mqtt)
  return { mqtt, ClientId: device.clientId }
}

describe.each(sdks)('$name', (sdk) => {
  test('B2: asks for sessions, closes one, and lists the instances', async () => {
    const tls = sdk.name.startsWith('openapi') // both protocols are gone through
    const call = (action: string, parameters: Record<string, string>) => sdk.call({ ...owner, tls }, action, parameters)
    const { mqtt, ClientId } = await connected()
    const nobody = `${group}@@@${unique('nobody')}`

    const query = () => call('QuerySessionByClientId', { InstanceId, ClientId })
    expect(await query()).toEqual({ RequestId, OnlineStatus: true })
    const list = { 'ClientIdList.1': nobody, 'ClientIdList.2': ClientId }
    expect(await call('BatchQuerySessionByClientIds', { InstanceId, ...list })).toEqual({
      RequestId,
      OnlineStatusList: [
        { ClientId: nobody, OnlineStatus: false },
        { ClientId, OnlineStatus: true },
      ],
    })

    const gone = waitForDisconnect(mqtt)
    expect(await call('CloseConnection', { InstanceId, ClientId })).toEqual({ RequestId, ...closed })
    expect(await query()).toEqual({ RequestId, OnlineStatus: false })
    await gone
    expect(await call('CloseConnection', { InstanceId, ClientId })).toEqual({ RequestId, ...closed })

    const { Instances, ...rest } = await call('ListInstances', {})
    expect(rest).toEqual({ RequestId, Code: '200', Message: 'operation success.', Success: 'true' })
    const shown = { InstanceId, InstanceStatus: 5, InstanceType: 4, RegionId: target.regionId, MqttTags: [] }
    expect(Instances).toContainEqual(expect.objectContaining(shown))
  })
})

const popCore = createRequire(import.meta.url)('@alicloud/pop-core') as typeof PopCore // CommonJS, as support/sdk.ts

test('B2: pop-core numbers a list of client ids by itself', async () => {
  const { accessKeyId, accessKeySecret, api } = target
  const pop = new popCore({ endpoint: api, apiVersion: '2020-04-20', accessKeyId, accessKeySecret })
  const { ClientId } = await connected()
  const ClientIdList = [ClientId, 'GID_demo@@@x']
  const answer = await pop.request('BatchQuerySessionByClientIds', { InstanceId, ClientIdList }, { method: 'POST' })
  expect(answer).toEqual({
    RequestId,
    OnlineStatusList: [
      { ClientId, OnlineStatus: true },
      { ClientId: 'GID_demo@@@x', OnlineStatus: false },
    ],
  })
})

test('C6: a closed connection is explained by its client id and by the request that closed it', async () => {
  const { mqtt, ClientId } = await connected()
  const gone = waitForDisconnect(mqtt)
  const { requestId } = await client.call('CloseConnection', { InstanceId, ClientId })
  await gone
  await expectExplained({ clientId: ClientId }, 'kicked')
  await expectExplained({ requestId }, 'kicked')
  const told = await explanation({ requestId })
  if (!told) return
  expect(told.last?.message).toBe(
    `closed on request: CloseConnection by access key ${target.accessKeyId}, request ${requestId}`,
  )
})

for (const kind of liveClients) {
  describeWith(kind.tool, kind.name, () => {
    test('C6: a device whose connection is closed comes back by its own logic', async () => {
      const device = await makeDevice(ca)
      const live = kind.start(device, target, `${topic}/${unique('t')}`)
      onTestFinished(() => live.stop())
      await live.online()
      const { status, body } = await client.call('CloseConnection', { InstanceId, ClientId: device.clientId })
      expect({ status, body }).toEqual({ status: 200, body: { RequestId, ...closed } })
      await live.offline()
      await live.online()
    })
  })
}

test('C6: only the connection of the client id is closed, and only in the instance', async () => {
  const one = await connected()
  const other = await connected()
  const elsewhere = target.instances.find(({ instanceId }) => instanceId !== InstanceId)
  const disconnected = waitForDisconnect(one.mqtt)
  if (elsewhere) await client.call('CloseConnection', { InstanceId: elsewhere.instanceId, ClientId: other.ClientId })
  await client.call('CloseConnection', { InstanceId, ClientId: one.ClientId })
  await disconnected
  await other.mqtt.publishAsync(topic, 'still here', { qos: 1 }) // it never connects again by itself
  const { body } = await client.call('QuerySessionByClientId', { InstanceId, ClientId: other.ClientId })
  expect(body).toEqual({ RequestId, OnlineStatus: true })
})
