import { generate, type Packet } from 'mqtt-packet'
import { Guard, type Violation } from '../guard.ts'
import { connectPacket } from './clients.ts'

/** How a {@link Guard} is asked. */
export interface InspectOptions {
  maxPacketBytes?: number
  topicAliasMaximum?: number
}

/** What the guard says of bytes that come `step` at a time; `at` is where in them the chunk's packet begins. */
export function inspectInSteps(bytes: Buffer, step: number, options: InspectOptions = {}): Violation | undefined {
  const guard = new Guard(options.maxPacketBytes ?? 1024, options.topicAliasMaximum)
  for (let at = 0; at < bytes.length; at += step) {
    const violation = guard.inspect(bytes.subarray(at, at + step))
    if (violation) return violation
  }
  return undefined
}

/** A CONNECT of a level and, behind it, what a client sends. */
export function streamOf(protocolVersion: 4 | 5, packets: readonly (Packet | readonly number[])[]): Buffer {
  const connect = connectPacket('id', { protocolVersion })
  const bytes = (packet: Packet | readonly number[]) =>
    'cmd' in packet ? generate(packet, { protocolVersion }) : Buffer.from(packet)
  return Buffer.concat([generate(connect), ...packets.map(bytes)])
}
