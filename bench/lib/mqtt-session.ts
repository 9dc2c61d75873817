import { once } from 'node:events'
import tls, { type SecureContext, type SecureVersion, type TLSSocket } from 'node:tls'
import mqttPacket from 'mqtt-packet'

/** Where to connect; `ca` is the PEM of the server's CA. */
export interface Broker {
  host: string
  port: number
  ca: string
}

/** Who connects; PEM. */
export interface Identity {
  clientId: string
  key: string
  chain: string
}

/** A CONNECT of MQTT 3.1.1, clean session, without credentials: the certificate is what authenticates. */
export function connectBytes(clientId: string, keepalive = 480): Buffer {
  return mqttPacket.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId,
    keepalive,
  })
}

/** DISCONNECT and PINGREQ. */
export const disconnectBytes = Buffer.from([0xe0, 0])
export const pingreqBytes = Buffer.from([0xc0, 0])

/** What a device brings to every handshake, made once: parsing a key costs as much as a handshake. */
export function secureContextOf({ key, chain }: Identity, ca: string, version: SecureVersion): SecureContext {
  return tls.createSecureContext({ key, cert: chain, ca, minVersion: version, maxVersion: version })
}

/** Opens TLS and sends CONNECT with it. @param session a TLS session to resume */
export function dial({ host, port }: Broker, context: SecureContext, connect: Buffer, session?: Buffer): TLSSocket {
  const socket = tls.connect({ host, port, secureContext: context, ...(session ? { session } : {}) })
  socket.setNoDelay(true)
  socket.once('secureConnect', () => socket.write(connect))
  return socket
}

/** True for a CONNACK that accepts. */
export function isAccepted(chunk: Buffer): boolean {
  return chunk[0] === 0x20 && chunk[3] === 0
}

/** A session that is up. */
export interface LiveSession {
  clientId: string
  /** Resolves with the moment its end was seen (performance.now). */
  closed: Promise<number>
  isClosed(): boolean
  /** Resolves with the milliseconds from PINGREQ to PINGRESP. */
  ping(): Promise<number>
  end(): void
}

/** The next bytes that come. @throws {Error} with the message, when the connection ends instead */
async function answerOn(socket: TLSSocket, message: string): Promise<Buffer> {
  const ended = new Promise<never>((_, reject) => {
    for (const event of ['end', 'close']) socket.once(event, () => reject(new Error(message)))
  })
  const [chunk] = (await Promise.race([once(socket, 'data'), ended])) as [Buffer]
  ended.catch(() => undefined) // from here on an end is the caller's to see
  return chunk
}

/**
 * Connects a device by hand-made bytes, at a tenth of what a client library costs; resolves with its socket once it
 * has been accepted.
 *
 * @throws {Error} when it is refused
 */
export async function connectSocket(broker: Broker, identity: Identity, version: SecureVersion): Promise<TLSSocket> {
  const context = secureContextOf(identity, broker.ca, version)
  const socket = dial(broker, context, connectBytes(identity.clientId))
  socket.on('error', () => socket.destroy()) // what matters is that it closes
  const chunk = await answerOn(socket, `${identity.clientId} was refused`)
  if (!isAccepted(chunk)) throw new Error(`${identity.clientId} got ${chunk.toString('hex')} for its CONNECT`)
  return socket
}

/** Subscribes and resolves when the SUBACK is there. @throws {Error} when the subscription is refused */
export async function subscribe(socket: TLSSocket, topic: string, qos: 0 | 1): Promise<void> {
  socket.write(mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] }))
  const chunk = await answerOn(socket, `the subscription to ${topic} ended the connection`)
  if (chunk[0] !== 0x90 || chunk.length !== 5 || chunk[4] !== qos)
    throw new Error(`the subscription to ${topic} got ${chunk.toString('hex')}`)
}

/** Opens a session that does nothing by itself. @throws {Error} when it is refused */
export async function openSession(broker: Broker, identity: Identity, version: SecureVersion): Promise<LiveSession> {
  const socket = await connectSocket(broker, identity, version)
  let closedAt: number | undefined
  const closed = new Promise<number>((resolve) => {
    const end = () => resolve((closedAt ??= performance.now()))
    for (const event of ['end', 'close', 'error']) socket.once(event, end)
  })
  socket.resume()
  return {
    clientId: identity.clientId,
    closed,
    isClosed: () => closedAt !== undefined,
    async ping() {
      const sentAt = performance.now()
      socket.write(pingreqBytes)
      const gone = closed.then(() => Promise.reject(new Error(`${identity.clientId} was cut off`)))
      await Promise.race([once(socket, 'data'), gone])
      gone.catch(() => undefined) // a later end is what `closed` tells
      return performance.now() - sentAt
    },
    end: () => void socket.destroy(),
  }
}

/** Opens a session for each device, a few at a time. */
export async function openSessions(broker: Broker, devices: readonly Identity[], version: SecureVersion = 'TLSv1.3') {
  const sessions: LiveSession[] = []
  for (let at = 0; at < devices.length; at += 16) {
    const some = devices.slice(at, at + 16).map((device) => openSession(broker, device, version))
    sessions.push(...(await Promise.all(some)))
  }
  return sessions
}
