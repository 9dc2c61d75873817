import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { generate, parser, type IPublishPacket, type Packet } from 'mqtt-packet'
import type { BrokerFixture, TestDevice } from '../../testing/broker-fixture.ts'
import { connectPacket } from '../../testing/clients.ts'

/** How a peer connects and answers. */
export interface PeerOptions {
  clientId?: string
  /** 4, or 5 for MQTT 5. */
  version?: 4 | 5
  clean?: boolean
  /** Properties of an MQTT 5 CONNECT. */
  properties?: object
  /** Whether it acknowledges what comes; true if it is not said. */
  acknowledges?: boolean
}

/** A client over TLS that does of MQTT only what a test tells it to. */
export interface Peer {
  readonly socket: TLSSocket
  /** Every PUBLISH that came, in order. */
  readonly messages: readonly IPublishPacket[]
  /** Resolves once the connection has closed. */
  readonly closed: Promise<void>
  readonly connack: Packet
  send(...packets: (Partial<Packet> & { cmd: string })[]): void
  /** Subscribes; resolves with the SUBACK. */
  subscribe(qos: 0 | 1 | 2, ...topics: string[]): Promise<void>
  /** Publishes one message; resolves with its acknowledgement where it gets one. */
  publish(topic: string, payload: string | Buffer, qos?: 0 | 1 | 2, properties?: object): Promise<void>
  /** Acknowledges a message of QoS 1. */
  acknowledge(message: IPublishPacket): void
  /** Resolves once that many messages have come. */
  received(count: number): Promise<readonly IPublishPacket[]>
  /** Resolves once a packet of this kind has come after the call. */
  next(cmd: string): Promise<Packet>
  /** Resolves once the broker has answered all that was sent before. */
  settled(): Promise<void>
  /** Ends the connection and waits for that. */
  leave(): Promise<void>
}

/** Connects; resolves with the CONNACK. */
export async function connectPeer(
  { port, serverCa }: Pick<BrokerFixture, 'port' | 'serverCa'>,
  device: TestDevice,
  { clientId = 'GID_demo@@@peer', version = 4, clean = true, properties, acknowledges = true }: PeerOptions = {},
): Promise<Peer> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca: serverCa,
    servername: 'localhost',
    key: device.key,
    cert: device.certificate,
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => socket.destroy()) // a reset is one way of being cut
  await once(socket, 'secureConnect')
  const options = { protocolVersion: version }
  const reader = parser(options)
  const messages: IPublishPacket[] = []
  const waiting = new Set<() => boolean>()
  let latest: Packet | undefined
  let lastId = 0
  const send: Peer['send'] = (...packets) =>
    void socket.write(Buffer.concat(packets.map((packet) => generate(packet as Packet, options))))
  const acknowledge = ({ messageId, qos }: IPublishPacket) =>
    send({ cmd: qos === 2 ? 'pubrec' : 'puback', messageId: messageId! })
  reader.on('packet', (packet) => {
    latest = packet
    if (packet.cmd === 'publish') {
      messages.push(packet)
      if (acknowledges && packet.qos > 0) acknowledge(packet)
    }
    if (packet.cmd === 'pubrel' && acknowledges) send({ cmd: 'pubcomp', messageId: packet.messageId! })
    for (const check of waiting) if (check()) waiting.delete(check)
  })
  socket.on('data', (chunk) => void reader.parse(chunk))
  const when = (test: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (test()) resolve()
        return test()
      }
      if (!check()) waiting.add(check)
    })
  const next = async (cmd: string) => {
    latest = undefined
    let found: Packet | undefined
    await when(() => {
      if (latest?.cmd === cmd) found ??= latest
      return found !== undefined
    })
    return found!
  }
  const idOf = () => (lastId = (lastId % 65_535) + 1)
  const connack = next('connack')
  send({ ...connectPacket(clientId, { clean, protocolVersion: version, ...(properties && { properties }) }) })
  return {
    socket,
    messages,
    closed,
    connack: await connack,
    send,
    next,
    acknowledge,
    async subscribe(qos, ...topics) {
      const suback = next('suback')
      send({ cmd: 'subscribe', messageId: idOf(), subscriptions: topics.map((topic) => ({ topic, qos })) })
      await suback
    },
    async publish(topic, payload, qos = 0, more) {
      const answer = qos === 0 ? undefined : next(qos === 1 ? 'puback' : 'pubrec')
      const base = {
        cmd: 'publish' as const,
        topic,
        payload,
        qos,
        dup: false,
        retain: false,
        ...(more && { properties: more }),
      }
      send(qos === 0 ? base : { ...base, messageId: idOf() })
      await answer
    },
    async received(count) {
      await when(() => messages.length >= count)
      return messages
    },
    async settled() {
      const pong = next('pingresp')
      send({ cmd: 'pingreq' })
      await pong
    },
    async leave() {
      socket.destroy()
      await closed
    },
  }
}

/** Payloads as text. */
export function textsOf(messages: readonly IPublishPacket[]): string[] {
  return messages.map(({ payload }) => payload.toString())
}
