import { EventEmitter, once } from 'node:events'
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
export class Peer {
  readonly socket: TLSSocket
  /** Every PUBLISH that came, in order. */
  readonly messages: IPublishPacket[] = []
  /** Resolves once the connection has closed. */
  readonly closed: Promise<void>
  /** Packet identifiers of every PUBACK that came. */
  readonly acknowledged: number[] = []
  connack: Packet | undefined
  readonly #protocol: { protocolVersion: number }
  readonly #acknowledges: boolean
  readonly #arrivals = new EventEmitter().setMaxListeners(0)
  #lastId = 0

  /** @param socket that has not been read from */
  constructor(socket: TLSSocket, version: number, acknowledges: boolean) {
    this.socket = socket
    this.#protocol = { protocolVersion: version }
    this.#acknowledges = acknowledges
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    const reader = parser(this.#protocol)
    reader.on('packet', (packet) => this.#take(packet))
    socket.on('data', (chunk) => void reader.parse(chunk))
    socket.on('error', () => socket.destroy()) // a reset is one way of being cut
  }

  send(...packets: Packet[]): void {
    this.socket.write(Buffer.concat(packets.map((packet) => generate(packet, this.#protocol))))
  }

  /** Subscribes; resolves with the SUBACK. */
  async subscribe(qos: 0 | 1 | 2, ...topics: string[]): Promise<void> {
    const suback = this.next('suback')
    const subscriptions = topics.map((topic) => ({ topic, qos }))
    this.send({ cmd: 'subscribe', messageId: this.#nextId(), subscriptions })
    await suback
  }

  /** Publishes one message; resolves with PUBACK or PUBREC where there is one. */
  async publish(topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 0, properties: object = {}): Promise<void> {
    const answer = qos === 0 ? undefined : this.next(qos === 1 ? 'puback' : 'pubrec')
    const packet = { cmd: 'publish' as const, topic, payload, qos, dup: false, retain: false, properties }
    this.send(qos === 0 ? packet : { ...packet, messageId: this.#nextId() })
    await answer
  }

  /** Acknowledges a message as far as it can be at once. */
  acknowledge({ messageId, qos }: IPublishPacket): void {
    this.send({ cmd: qos === 2 ? 'pubrec' : 'puback', messageId: messageId! }) // it is not of QoS 0
  }

  /** Resolves once that many messages have come. */
  async received(count: number): Promise<readonly IPublishPacket[]> {
    while (this.messages.length < count) await once(this.#arrivals, 'publish')
    return this.messages
  }

  /** Resolves with the next packet of a kind. */
  async next(cmd: string): Promise<Packet> {
    const [packet] = await once(this.#arrivals, cmd)
    return packet
  }

  /** Resolves once the broker has read all that was sent before. */
  async settled(): Promise<void> {
    const pong = this.next('pingresp')
    this.send({ cmd: 'pingreq' })
    await pong
  }

  /** Ends the connection. */
  async leave(): Promise<void> {
    this.socket.destroy()
    await this.closed
  }

  #take(packet: Packet): void {
    if (packet.cmd === 'connack') this.connack = packet
    if (packet.cmd === 'puback') this.acknowledged.push(packet.messageId!)
    if (packet.cmd === 'publish') {
      this.messages.push(packet)
      if (this.#acknowledges && packet.qos > 0) this.acknowledge(packet)
    }
    if (packet.cmd === 'pubrel' && this.#acknowledges) this.send({ ...packet, cmd: 'pubcomp' })
    this.#arrivals.emit(packet.cmd, packet)
  }

  #nextId(): number {
    this.#lastId = (this.#lastId % 65_535) + 1
    return this.#lastId
  }
}

/** Connects; resolves with the CONNACK. */
export async function connectPeer(
  { port, serverCa }: Pick<BrokerFixture, 'port' | 'serverCa'>,
  { key, certificate }: TestDevice,
  { clientId = 'GID_demo@@@peer', version = 4, clean = true, properties = {}, acknowledges = true }: PeerOptions = {},
): Promise<Peer> {
  const server = { host: '127.0.0.1', port, ca: serverCa, servername: 'localhost' }
  const socket = connect({ ...server, key, cert: certificate })
  const peer = new Peer(socket, version, acknowledges)
  await once(socket, 'secureConnect')
  const connack = peer.next('connack')
  peer.send(connectPacket(clientId, { clean, protocolVersion: version, properties }))
  await connack
  return peer
}

/** Payloads as text. */
export function textsOf(messages: readonly IPublishPacket[]): string[] {
  return messages.map(({ payload }) => payload.toString())
}
