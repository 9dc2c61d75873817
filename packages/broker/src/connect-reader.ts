import type { Readable } from 'node:stream'
import { decodeConnect, protocolOf, type ConnectPacket } from './decode-connect.ts'
import { orFault, PacketFault, reasonCode } from './fault.ts'
import { GatheredBytes } from './gathered-bytes.ts'
import { Guard } from './guard.ts'
import type { Refusal } from './verdict.ts'

/** A CONNECT that has arrived whole. */
export interface ArrivedConnect {
  kind: 'connect'
  packet: ConnectPacket
  /** The packet's own bytes. */
  bytes: Buffer
  /** What the client sent behind it without waiting for the answer. */
  rest: Buffer | undefined
}

/** Bytes that are no CONNECT of a served version. */
export interface RefusedConnect {
  kind: 'refused'
  refusal: Refusal
  /** The CONNACK that the standard asks for, where it asks for one. */
  answer: Uint8Array | undefined
}

/**
 * Reads from a stream until its first packet is complete, and no further: until it is admitted the client waits
 * in its stream's own buffer.
 *
 * @returns stops reading
 */
export function readConnect(
  stream: Readable,
  maxPacketBytes: number,
  done: (result: ArrivedConnect | RefusedConnect) => void,
): () => void {
  const guard = new Guard(maxPacketBytes)
  const gathered = new GatheredBytes()
  const stop = () => void stream.off('readable', onReadable)
  function take(chunk: Buffer): ArrivedConnect | RefusedConnect | undefined {
    const violation = guard.inspect(chunk)
    // a fault further on is in a later packet: it is found again when that one is read
    if (violation?.at === 0) return refused(violation.cause, violation.message)
    const whole = guard.firstPacketBytes
    if (whole !== undefined && gathered.length + chunk.length >= whole) return arrived(joined(gathered, chunk), whole)
    gathered.append(chunk, 0, chunk.length)
    return undefined
  }
  function onReadable(): void {
    for (let chunk: Buffer | null = stream.read(); chunk; chunk = stream.read()) {
      const result = take(chunk)
      if (!result) continue
      stop()
      return done(result)
    }
  }
  stream.on('readable', onReadable)
  return stop
}

/** Mostly a CONNECT comes in one piece, and then nothing is copied. */
function joined(gathered: GatheredBytes, chunk: Buffer): Buffer {
  if (gathered.length === 0) return chunk
  gathered.append(chunk, 0, chunk.length)
  return gathered.bytes
}

function arrived(all: Buffer, whole: number): ArrivedConnect | RefusedConnect {
  const bytes = all.subarray(0, whole)
  const rest = all.length > whole ? all.subarray(whole) : undefined
  const unsupported = unsupportedVersion(bytes)
  if (unsupported) return unsupported
  const packet = orFault(() => decodeConnect(bytes))
  if (packet instanceof PacketFault) return refused('protocol-error', packet.message)
  return refusedMethod(packet) ?? { kind: 'connect', packet, bytes, rest }
}

const levelsByName: ReadonlyMap<string, readonly number[]> = new Map([
  ['MQTT', [4, 5]],
  ['MQIsdp', [3]],
])

/** A level that is not served is told so whatever the setting says: the standard asks for the answer. */
function unsupportedVersion(bytes: Buffer): RefusedConnect | undefined {
  const protocol = protocolOf(bytes)
  if (!protocol) return undefined
  const { name, level } = protocol
  const levels = levelsByName.get(name)
  if (!levels) return refused('protocol-error', 'the protocol name is not MQTT') // [MQTT-3.1.2-1]
  if (levels.includes(level)) return undefined
  const message = `the client speaks ${name} level ${level}; 3.1, 3.1.1 and 5 are served`
  const answer = level >= 5 ? connackOf5(reasonCode.unsupportedVersion) : Uint8Array.of(0x20, 2, 0, 1) // [MQTT-3.1.2-2]
  return refused('protocol-version-unsupported', message, answer)
}

/** A client that wants another way to authenticate is told so: it must not go on without. 5.0 [MQTT-4.12.0-1] */
function refusedMethod({ properties }: ConnectPacket): RefusedConnect | undefined {
  const method = properties?.authenticationMethod
  if (method === undefined) return undefined
  const message = `the client asks for the authentication method ${method}`
  return refused('authentication-method-unsupported', message, connackOf5(reasonCode.badAuthenticationMethod))
}

function refused(cause: Refusal['cause'], message: string, answer?: Uint8Array): RefusedConnect {
  return { kind: 'refused', refusal: { cause, message }, answer }
}

/** CONNACK of MQTT 5: no session, a reason code, no properties. */
function connackOf5(code: number): Uint8Array {
  return Uint8Array.of(0x20, 3, 0, code, 0)
}
