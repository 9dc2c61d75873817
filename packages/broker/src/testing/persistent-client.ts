import type { IClientOptions, MqttClient } from 'mqtt'
import { parser, type Packet } from 'mqtt-packet'
import { withinInstance } from '@apsaramq/model'
import { firstInstance, type BrokerFixture, type TestDevice } from './broker-fixture.ts'
import { connectPacket, mqttClient, rawClient } from './clients.ts'

/** A client of a device of its own. */
export async function otherClient(fixture: BrokerFixture, name: string): Promise<MqttClient> {
  return mqttClient(fixture, await fixture.makeDevice(), { clientId: `GID_demo@@@${name}` })
}

/** Connects and subscribes to `demo/queued`, in a persistent session unless told otherwise. */
export async function subscribe(
  fixture: BrokerFixture,
  device: TestDevice,
  clientId: string,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const client = await mqttClient(fixture, device, { clientId, clean: false, ...options })
  await client.subscribeAsync('demo/queued', { qos: 1 })
  return client
}

/** Sends DISCONNECT; resolves when the broker knows, too, that no client of this id is left. */
export async function leave({ store: { sessions } }: BrokerFixture, client: MqttClient): Promise<void> {
  const name = withinInstance(firstInstance, client.options.clientId!) // every client of these tests has one
  const isGone = () => sessions.list('byClient', name).length === 0
  await client.endAsync()
  await new Promise<void>((resolve) => {
    const unsubscribe = sessions.subscribe(() => look())
    function look(): void {
      if (!isGone()) return
      unsubscribe()
      resolve()
    }
    look()
  })
}

/**
 * Comes back with CleanSession 0 and leaves again: whether there was a session, and what had waited in it.
 *
 * @param by publishes what marks the end of it, `demo/marker`
 */
export async function comeBack(
  fixture: BrokerFixture,
  device: TestDevice,
  clientId: string,
  by: MqttClient,
): Promise<{ sessionPresent: boolean; waited: string[] }> {
  const raw = await rawClient(fixture, device)
  const waited: string[] = []
  let sessionPresent = false
  const seen = new Promise<void>((resolve) => {
    const packets = parser()
    packets.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connack') sessionPresent = packet.sessionPresent
      if (packet.cmd === 'suback') void by.publishAsync('demo/marker', '', { qos: 1 })
      if (packet.cmd !== 'publish') return
      if (packet.topic === 'demo/marker') resolve()
      else waited.push(packet.topic)
    })
    raw.socket.on('data', (chunk) => packets.parse(chunk))
  })
  raw.send(connectPacket(clientId, { clean: false }))
  await raw.received(4)
  raw.send({ cmd: 'subscribe', messageId: 9, subscriptions: [{ topic: 'demo/marker', qos: 0 }] })
  await seen
  raw.send({ cmd: 'disconnect' })
  await raw.closed
  return { sessionPresent, waited }
}
