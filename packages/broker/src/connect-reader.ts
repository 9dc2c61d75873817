import type { Readable } from 'node:stream'
import { decodeConnect, protocolOf, type ConnectPacket } from './decode-connect.ts'
import { MalformedPacket } from './fields.ts'
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
  const chunks: Buffer[] = []
  let bytes = 0
  const stop = () => void stream.off('readable', onReadable)
  function finish(result: ArrivedConnect | RefusedConnect): void {
    stop()
    done(result)
  }
  function onReadable(): void {
    for (let chunk: Buffer | null = stream.read(); chunk; chunk = stream.read()) {
      const violation = guard.inspect(chunk)
      // a fault further on is in a later packet: it is found again when that one is read
      if (violation?.at === 0) return finish({ kind: 'refused', refusal: violation, answer: undefined })
      chunks.push(chunk)
      bytes += chunk.length
      const whole = guard.firstPacketBytes
      if (whole !== undefined && bytes >= whole) return finish(arrived(Buffer.concat(chunks, bytes), whole))
    }
  }
  stream.on('readable', onReadable)
  return stop
}

function arrived(all: Buffer, whole: number): ArrivedConnect | RefusedConnect {
  const bytes = all.subarray(0, whole)
  const rest = all.length > whole ? all.subarray(whole) : undefined
  const unsupported = unsupportedVersion(bytes)
  if (unsupported) return unsupported
  try {
    return { kind: 'connect', packet: decodeConnect(bytes), bytes, rest }
  } catch (thrown) {
    if (!(thrown instanceof MalformedPacket)) throw thrown
    return { kind: 'refused', refusal: { cause: 'protocol-error', message: thrown.message }, answer: undefined }
  }
}

const levelByName: Readonly<Record<string, number>> = { MQTT: 4, MQIsdp: 3 }

/** A level that is not served is told so whatever the setting says: the standard asks for the answer. */
function unsupportedVersion(bytes: Buffer): RefusedConnect | undefined {
  const protocol = protocolOf(bytes)
  if (!protocol) return undefined
  const { name, level } = protocol
  if (levelByName[name] === level) return undefined
  if (!Object.hasOwn(levelByName, name)) return { kind: 'refused', refusal: noMqtt, answer: undefined } // [MQTT-3.1.2-1]
  const message = `the client speaks ${name} level ${level}; 3.1 and 3.1.1 are served`
  const answer = level >= 5 ? connackOf5 : Uint8Array.of(0x20, 2, 0, 1) // [MQTT-3.1.2-2]
  return { kind: 'refused', refusal: { cause: 'protocol-version-unsupported', message }, answer }
}

const noMqtt: Refusal = { cause: 'protocol-error', message: 'the protocol name is not MQTT' }

/** CONNACK of MQTT 5: no session, 0x84 Unsupported Protocol Version, no properties. */
const connackOf5 = Uint8Array.of(0x20, 3, 0, 0x84, 0)
