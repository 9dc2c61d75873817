import { generate, type Packet } from 'mqtt-packet'
import { Guard, type Violation } from '../../guard.ts'
import { LargerPieces } from '../../larger-pieces.ts'
import { startParsing } from './parsing.ts'
import { topicAliasMaximum } from './properties.ts'
import { chunksOf, type Recipe } from './recipe.ts'
import { bodyOf, framesOf } from './wire.ts'

const maxPacketBytes = 4096

interface Passed {
  /** What the guard let through. */
  bytes: Buffer
  violation: Violation | undefined
  /** Where in all the bytes the packet at fault begins. */
  at: number
}

/** Lets bytes through as the door does: up to the packet at fault. */
function passThrough(recipe: Recipe, steps: readonly number[], take: (chunk: Buffer) => void): Passed {
  const guard = new Guard(maxPacketBytes, topicAliasMaximum)
  const pieces = new LargerPieces()
  const bytes: Buffer[] = []
  let before = 0
  for (const chunk of chunksOf(Buffer.concat([recipe.connect, recipe.bytes]), steps)) {
    const violation = guard.inspect(chunk)
    const passed = violation ? chunk.subarray(0, violation.at) : chunk
    bytes.push(passed)
    const piece = passed.length > 0 && pieces.join(passed, violation ? violation.at : guard.unfinishedAt)
    if (piece) take(piece)
    if (violation) return { bytes: Buffer.concat(bytes), violation, at: before + violation.at }
    before += chunk.length
  }
  return { bytes: Buffer.concat(bytes), violation: undefined, at: before }
}

/** What is wrong with what the guard lets through of a session, or with what it does not. */
export function sessionFault(recipe: Recipe): string | undefined {
  const parsing = startParsing()
  const passed = passThrough(recipe, recipe.steps, (chunk) => parsing.take(chunk))
  if (parsing.error) return `the parser refused what the guard let pass: ${parsing.error.message}`
  if (recipe.isRight && passed.violation) return `the guard refused what is right: ${passed.violation.message}`
  return placeFault(recipe, passed) ?? parsedFault(recipe, passed.bytes, parsing.packets)
}

/** The verdict does not depend on how the bytes come. */
function placeFault(recipe: Recipe, { violation, at }: Passed): string | undefined {
  const whole = passThrough(recipe, [], () => undefined)
  if (whole.violation?.message !== violation?.message || whole.violation?.reasonCode !== violation?.reasonCode) {
    return `in pieces: ${violation?.message}, at once: ${whole.violation?.message}`
  }
  // a packet that began in an earlier chunk has no place in this one
  return at > whole.at && violation && violation.at > 0 ? `in pieces at ${at}, at once at ${whole.at}` : undefined
}

function parsedFault({ level }: Recipe, bytes: Buffer, packets: readonly Packet[]): string | undefined {
  const frames = framesOf(bytes)
  if (packets.length !== frames.length) return `${frames.length} packets were sent, ${packets.length} were parsed`
  return frames.map((sent, at) => packetFault(sent, packets[at]!, level)).find((fault) => fault !== undefined)
}

/** Writes what was parsed again, which must give what was sent. */
function packetFault(sent: Buffer, packet: Packet, level: number): string | undefined {
  if (packet.cmd === 'connect') return undefined
  const written = generate(packet, { protocolVersion: level })
  if (written[0] === sent[0] && isSame(bodyOf(sent), bodyOf(written), packet)) return undefined
  return `sent ${sent.toString('hex')}, parsed ${JSON.stringify(packet)}, which is ${written.toString('hex')}`
}

function isSame(sent: Buffer, written: Buffer, packet: Packet): boolean {
  if (sent.equals(written) || shortest(sent, packet).equals(shortest(written, packet))) return true
  return hasUserProperties(packet) && (isLossy(sent) || sorted(sent).equals(sorted(written)))
}

/** Without what an acknowledgement and DISCONNECT may leave out at their end: a reason of 0, no properties. */
function shortest(body: Buffer, { cmd }: Packet): Buffer {
  const kept = cmd === 'disconnect' ? 0 : 2
  if (kept === 2 && !/^pub(ack|rec|rel|comp)$/.test(cmd)) return body
  let end = body.length
  while (end > kept && end <= kept + 2 && body[end - 1] === 0) end -= 1
  return body.subarray(0, end)
}

/** mqtt-packet keeps user properties by name: it loses their order, which the guard cannot help. */
function hasUserProperties(packet: Packet): boolean {
  return 'properties' in packet && packet.properties !== undefined && 'userProperties' in packet.properties
}

/** It loses an empty value that another of its name follows, too. */
function isLossy(sent: Buffer): boolean {
  return sent.includes(Buffer.of(0, 0))
}

function sorted(bytes: Buffer): Buffer {
  return Buffer.from(Uint8Array.from(bytes).sort())
}
