import { isDeepStrictEqual } from 'node:util'
import type { Readable } from 'node:stream'
import type { IConnectPacket } from 'mqtt-packet'
import { readConnect, type ArrivedConnect, type RefusedConnect } from '../../connect-reader.ts'
import { startParsing } from './parsing.ts'
import { chunksOf, type Recipe } from './recipe.ts'

const maxPacketBytes = 4096
const nothing = () => {}

/** What is made of a first packet; undefined while it is not whole. */
function resultOf({ connect, steps }: Recipe): ArrivedConnect | RefusedConnect | undefined {
  let result: ArrivedConnect | RefusedConnect | undefined
  let onReadable = nothing
  let next: Buffer | null = null
  // as much of a stream as is asked for
  const stream = {
    on: (_event: string, listener: () => void) => (onReadable = listener),
    off: () => (onReadable = nothing),
    read() {
      const chunk = next
      next = null
      return chunk
    },
  } as unknown as Readable
  readConnect(stream, maxPacketBytes, (done) => (result = done))
  for (const chunk of chunksOf(connect, steps)) {
    next = chunk
    onReadable()
  }
  return result
}

/** What is wrong with how a first packet is taken. */
export function connectFault(recipe: Recipe): string | undefined {
  const result = resultOf(recipe)
  if (recipe.isRight && result?.kind !== 'connect') return `a right CONNECT is refused: ${result?.refusal.message}`
  return result?.kind === 'connect' ? readingFault(result) : undefined
}

function readingFault({ packet: read, bytes }: ArrivedConnect): string | undefined {
  const parsing = startParsing()
  parsing.take(bytes)
  const [packet] = parsing.packets
  if (packet?.cmd !== 'connect') return `the parser refused it: ${parsing.error?.message}`
  const parsed = readByParser(packet)
  return isDeepStrictEqual({ ...read }, parsed) ? undefined : `${JSON.stringify(read)} is ${JSON.stringify(parsed)}`
}

/** What the decoder should have read, by mqtt-packet. */
function readByParser(packet: IConnectPacket): ArrivedConnect['packet'] {
  const { clientId, clean = false, keepalive = 0, will, username, password, properties, protocolVersion } = packet
  const { userProperties, ...others } = properties ?? {}
  void userProperties
  return {
    level: protocolVersion as 3 | 4 | 5, // the parser has checked it
    clientId,
    clean,
    keepAlive: keepalive,
    will: will && { topic: will.topic, qos: will.qos ?? 0, retain: will.retain ?? false },
    username,
    password: password as Buffer | undefined, // the parser gives bytes
    properties: protocolVersion === 5 ? (others as ArrivedConnect['packet']['properties']) : undefined,
  }
}
