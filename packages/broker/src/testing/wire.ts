import { EventEmitter, once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { generate, type Packet } from 'mqtt-packet'
import { WebSocket } from 'ws'
import type { Transport } from '../settings.ts'
import type { BrokerFixture, TestDevice } from './broker-fixture.ts'
import { rawClient } from './clients.ts'

/** A connection of any transport, of which every byte of MQTT is the test's. */
export interface Wire {
  socket: Socket
  /** Above the socket, where there is one. */
  webSocket: WebSocket | undefined
  /** The TLS session as it can be resumed. */
  session(): Buffer | undefined
  /** In one message where there is a WebSocket. */
  send(...packets: (Packet | Uint8Array)[]): void
  /** Resolves with the MQTT that came so far, once that is at least `bytes`. */
  received(bytes: number): Promise<Buffer>
  /** Resolves with all the MQTT that came, once the connection has closed. */
  closed: Promise<Buffer>
}

/** How to connect; the name is that of TLS and of the Host header, as far as there are such. */
export interface WireOptions {
  device?: TestDevice | undefined
  name?: string | undefined
  tls?: ConnectionOptions
}

/** What a listener of the fixture is reached by. */
export type Port = Pick<BrokerFixture, 'port' | 'serverCa'>

/** Connects, up to the moment where MQTT begins. */
export async function connectWire(transport: Transport, at: Port, options: WireOptions = {}): Promise<Wire> {
  const { device, name = 'localhost', tls } = options
  const isSecure = transport === 'mqtts' || transport === 'wss'
  const raw = isSecure ? await rawClient(at, device, { servername: name, ...tls }) : undefined
  const socket = raw?.socket ?? (await tcpTo(at.port))
  const session = () => raw?.session()
  if (transport === 'mqtts' || transport === 'mqtt') return wireOf(socket, undefined, session)
  return wireOf(socket, await webSocketOver(socket, name), session)
}

async function tcpTo(port: number): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1')
  socket.on('error', () => socket.destroy()) // a reset is one way of being cut
  await once(socket, 'connect')
  return socket
}

/** Asks for a WebSocket over a connection that is there. */
export async function webSocketOver(
  socket: Socket,
  name: string,
  { path = '/mqtt', protocol = 'mqtt' }: { path?: string; protocol?: string } = {},
): Promise<WebSocket> {
  const webSocket = new WebSocket(`ws://${name}${path}`, protocol, { createConnection: () => socket })
  webSocket.on('error', () => socket.destroy())
  await once(webSocket, 'open')
  return webSocket
}

function wireOf(socket: Socket, webSocket: WebSocket | undefined, session: Wire['session']): Wire {
  let received = Buffer.alloc(0)
  const arrivals = new EventEmitter()
  const take = (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    arrivals.emit('bytes')
  }
  if (webSocket) webSocket.on('message', take)
  else socket.on('data', take)
  const closed = new Promise<Buffer>((resolve) => (webSocket ?? socket).once('close', () => resolve(received)))
  const write = (bytes: Buffer) => void (webSocket ? webSocket.send(bytes) : socket.write(bytes))
  return {
    socket,
    webSocket,
    session,
    closed,
    send(...packets) {
      write(mqttBytes(...packets))
    },
    async received(bytes) {
      while (received.length < bytes) await once(arrivals, 'bytes')
      return received
    },
  }
}

/** The bytes of MQTT packets. */
export function mqttBytes(...packets: (Packet | Uint8Array)[]): Buffer {
  return Buffer.concat(packets.map((packet) => (packet instanceof Uint8Array ? packet : generate(packet))))
}

/** A WebSocket frame as a client sends it, masked by zeros; of at most 65,535 bytes. */
export function rawFrame(firstByte: number, ...packets: (Packet | Uint8Array)[]): Buffer {
  const payload = mqttBytes(...packets)
  const { length } = payload
  const head = length < 126 ? [firstByte, 0x80 | length] : [firstByte, 0x80 | 126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload])
}
