import { EventEmitter, once } from 'node:events'
import type { ConnectionOptions } from 'node:tls'
import { generate, parser, type IConnectPacket, type Packet } from 'mqtt-packet'
import type { BrokerFixture, TestDevice } from './broker-fixture.ts'
import { rawClient } from './clients.ts'

/** MQTT packet by packet, as a test wants them. */
export interface Conversation {
  send(...packets: Packet[]): void
  /** Resolves with the next packet of this kind; those that came meanwhile are passed over. */
  next<C extends Packet['cmd']>(cmd: C): Promise<Extract<Packet, { cmd: C }>>
  /** Sends PINGREQ and resolves with all that came before its answer, those that were taken before left out. */
  settled(): Promise<Packet[]>
  /** Resolves with all that came and was not taken, once the server has closed. */
  closed: Promise<Packet[]>
  destroy(): void
}

/** Opens TLS and speaks MQTT of the given level over it; sends nothing by itself. */
export async function converse(
  fixture: Pick<BrokerFixture, 'port' | 'serverCa'>,
  device: TestDevice | undefined,
  options: ConnectionOptions = {},
  level: 4 | 5 = 5,
): Promise<Conversation> {
  const protocol = { protocolVersion: level }
  const raw = await rawClient(fixture, device, options)
  const reading = parser(protocol)
  const arrivals = new EventEmitter()
  let came: Packet[] = []
  reading.on('packet', (packet) => {
    came.push(packet)
    arrivals.emit('packet')
  })
  raw.socket.on('data', (chunk) => void reading.parse(chunk))
  raw.socket.once('close', () => arrivals.emit('packet'))
  async function taken(cmd: Packet['cmd']): Promise<Packet[]> {
    for (;;) {
      const at = came.findIndex((packet) => packet.cmd === cmd)
      if (at >= 0) return came.splice(0, at + 1)
      if (raw.socket.destroyed) throw new Error(`closed before ${cmd}, after ${JSON.stringify(came)}`)
      await once(arrivals, 'packet')
    }
  }
  const send = (...packets: Packet[]) => raw.send(...packets.map((packet) => generate(packet, protocol)))
  return {
    send,
    next: async <C extends Packet['cmd']>(cmd: C) => (await taken(cmd)).at(-1) as Extract<Packet, { cmd: C }>,
    async settled() {
      send({ cmd: 'pingreq' })
      return (await taken('pingresp')).slice(0, -1)
    },
    closed: raw.closed.then(() => came),
    destroy: () => raw.socket.destroy(),
  }
}

/** A CONNECT of MQTT 5. */
export function connect5(more: Partial<IConnectPacket> = {}): Packet {
  const clientId = 'GID_demo@@@device'
  return { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clientId, clean: true, keepalive: 60, ...more }
}
