import {
  generate,
  parser,
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type Packet,
} from 'mqtt-packet'
import type { Line } from './line.ts'
import type { Via } from './plan.ts'

/** Reason codes of MQTT 5 from here on say that something was not done (5.0 §2.4). */
const failure = 0x80

/** What a client tells as it happens. */
export interface ClientEvents {
  onAck(messageId: number): void
  onMessage(text: string): void
  onClose(): void
}

/** An MQTT client that tells all and decides nothing. */
export class DeviceClient {
  readonly closed: Promise<void>
  readonly level: Via['level']
  readonly #line: Line
  readonly #events: ClientEvents
  /** What a packet of this kind, or the close, is awaited by. */
  readonly #waiting = new Map<string, ((packet: Packet | undefined) => void)[]>()
  #isClosed = false
  #messageId = 0

  constructor(line: Line, level: Via['level'], events: ClientEvents) {
    this.#line = line
    this.level = level
    this.#events = events
    const packets = parser({ protocolVersion: level })
    packets.on('packet', (packet: Packet) => this.#take(packet))
    line.onData((chunk) => packets.parse(chunk))
    this.closed = line.closed.then(() => this.#close())
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Local port: what tells its socket apart at the broker. */
  get port(): number | undefined {
    return this.#line.socket.localPort
  }

  nextId(): number {
    this.#messageId += 1
    return this.#messageId
  }

  /** Writes packets in one piece. */
  send(...packets: Packet[]): void {
    const protocolVersion = this.level
    this.#line.write(Buffer.concat(packets.map((packet) => generate(packet, { protocolVersion }))))
  }

  /** Resolves with the CONNACK, or undefined when the line closes first. */
  async connack(): Promise<IConnackPacket | undefined> {
    return (await this.#next('connack')) as IConnackPacket | undefined // the key is the kind
  }

  /** Resolves with whether this was acknowledged before the line closed. */
  async acknowledged(kind: 'puback' | 'suback', messageId: number): Promise<boolean> {
    return (await this.#next(`${kind} ${messageId}`)) !== undefined
  }

  /** Whether the line is alive. */
  async ping(): Promise<boolean> {
    const answer = this.#next('pingresp')
    this.send({ cmd: 'pingreq' })
    return (await answer) !== undefined
  }

  leave(how: 'disconnect' | 'end' | 'reset'): void {
    if (how === 'reset') return void this.#line.socket.destroy()
    if (how === 'disconnect') this.send({ cmd: 'disconnect', ...(this.level === 5 && { reasonCode: 0 }) })
    this.#line.end()
  }

  #next(key: string): Promise<Packet | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined)
    return new Promise((resolve) => this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), resolve]))
  }

  #take(packet: Packet): void {
    const { cmd, messageId } = packet
    if (cmd === 'publish') this.#hear(packet)
    if (packet.cmd === 'puback' && (packet.reasonCode ?? 0) < failure) this.#events.onAck(messageId!)
    const key = cmd === 'puback' || cmd === 'suback' ? `${cmd} ${messageId}` : cmd
    for (const resolve of this.#waiting.get(key) ?? []) resolve(packet)
    this.#waiting.delete(key)
  }

  #hear({ qos, messageId, payload }: IPublishPacket): void {
    if (qos === 1) this.send({ cmd: 'puback', messageId: messageId! })
    this.#events.onMessage(payload.toString())
  }

  #close(): void {
    this.#isClosed = true
    for (const resolve of [...this.#waiting.values()].flat()) resolve(undefined)
    this.#waiting.clear()
    this.#events.onClose()
  }
}

/** A CONNECT. */
export function connectOf(clientId: string, level: Via['level'], will: string | undefined): IConnectPacket {
  const lastWill = { topic: `${topic}/will`, payload: Buffer.from(will ?? ''), qos: 1 as const, retain: false }
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: level,
    clientId,
    clean: true,
    keepalive: 60,
    ...(will && { will: lastWill }),
  }
}

/** A PUBLISH whose payload is the name of the message. */
export function publishOf(name: string, qos: 0 | 1, messageId: number): Packet {
  const packet = { cmd: 'publish', topic: `${topic}/said`, payload: name, qos, dup: false, retain: false } as const
  return qos === 0 ? packet : { ...packet, messageId }
}

/** A SUBSCRIBE to everything that is said here. */
export function subscribeOf(messageId: number): Packet {
  return { cmd: 'subscribe', messageId, subscriptions: [{ topic: `${topic}/#`, qos: 1 }] }
}

const topic = 'demo'
