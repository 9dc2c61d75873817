import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { connect as connectMqtt, type IClientOptions, type MqttClient } from 'mqtt'
import { generate, type Packet } from 'mqtt-packet'
import type { BrokerFixture, TestDevice } from './broker-fixture.ts'

/** How an attempt to connect ended. */
export type Outcome = { connected: true; client: MqttClient } | { connected: false; code: number | undefined }

/** Connects mqtt.js once, and says how it went; `code` is that of a refusing CONNACK. */
export function tryMqtt(
  { port, serverCa }: Pick<BrokerFixture, 'port' | 'serverCa'>,
  device: TestDevice | undefined,
  options: IClientOptions = {},
): Promise<Outcome> {
  const client = connectMqtt({
    protocol: 'mqtts',
    host: '127.0.0.1',
    servername: 'localhost',
    port,
    ca: serverCa,
    ...(device && { key: device.key, cert: device.certificate }),
    clientId: 'GID_demo@@@device',
    protocolVersion: 4,
    reconnectPeriod: 0,
    ...options,
  })
  let code: number | undefined
  client.on('error', (error) => {
    if ('code' in error && typeof error.code === 'number') code = error.code
  })
  return new Promise((resolve) => {
    client.once('connect', () => resolve({ connected: true, client }))
    client.once('close', () => {
      client.end(true)
      resolve({ connected: false, code })
    })
  })
}

/** Connects mqtt.js. @throws when it is refused */
export async function mqttClient(
  fixture: BrokerFixture,
  device: TestDevice | undefined,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const outcome = await tryMqtt(fixture, device, options)
  if (outcome.connected) return outcome.client
  throw new Error(`refused, CONNACK ${outcome.code}: ${JSON.stringify(fixture.log.entries.slice(-3))}`)
}

/** Resolves once the client has seen its connection close. */
export function closeOf(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', resolve))
}

/** Resolves with the next message as `topic payload`. */
export function messageTo(client: MqttClient): Promise<string> {
  return new Promise((resolve) => client.once('message', (topic, payload) => resolve(`${topic} ${payload.toString()}`)))
}

/** A TLS connection of which every byte is the test's. */
export interface RawClient {
  socket: TLSSocket
  /** Resolves with all that the server sent, once it has closed. */
  closed: Promise<Buffer>
  /** The TLS session as it can be resumed. */
  session(): Buffer | undefined
  send(...packets: (Packet | Uint8Array)[]): void
  /** Resolves with all that came so far, once that is at least `bytes`. */
  received(bytes: number): Promise<Buffer>
}

/** Opens TLS; resolves when both sides take the handshake for done. */
export async function rawClient(
  { port, serverCa }: Pick<BrokerFixture, 'port' | 'serverCa'>,
  device: TestDevice | undefined,
  options: ConnectionOptions = {},
): Promise<RawClient> {
  const identity = device && { key: device.key, cert: device.certificate }
  const socket = connectTls({ host: '127.0.0.1', port, ca: serverCa, servername: 'localhost', ...identity, ...options })
  let received = Buffer.alloc(0)
  let session: Buffer | undefined
  socket.on('session', (ticket) => {
    session = ticket
  })
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
  })
  socket.on('error', () => socket.destroy()) // a reset is one way of being cut
  const closed = new Promise<Buffer>((resolve) => socket.once('close', () => resolve(received)))
  await once(socket, 'secureConnect')
  // in TLS 1.3 the server is done only when it has read the client's last message: its tickets say so
  if (socket.getProtocol() === 'TLSv1.3' && !socket.isSessionReused() && !session) await once(socket, 'session')
  await nextTurn() // node tells of tickets from inside OpenSSL's read, where a write would be lost
  return {
    socket,
    closed,
    session: () => session,
    send(...packets) {
      socket.write(Buffer.concat(packets.map((packet) => (packet instanceof Uint8Array ? packet : generate(packet)))))
    },
    async received(bytes) {
      while (received.length < bytes) await once(socket, 'data')
      return received
    },
  }
}

/** A CONNECT of 3.1.1. */
export function connectPacket(clientId = 'GID_demo@@@device', more: object = {}): Packet {
  return { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 60, ...more }
}

/** CONNACK, accepted, no session. */
export const accepted = Buffer.from([0x20, 2, 0, 0])
