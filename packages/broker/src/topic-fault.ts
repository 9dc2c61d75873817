import { isUtf8 } from 'node:buffer'
import { malformed, reasonCode, type Fault } from './fault.ts'

const plus = 0x2b
const slash = 0x2f
const hash = 0x23
/** aedes' matcher throws at more. LIMITS.md, Left out */
const maxLevels = 100
/** A key that no object of JavaScript has as its own: aedes keys plain objects by filter. LIMITS.md, Left out */
const prototypeName = '__proto__'

/**
 * What is wrong with the topic of a message, `what` in messages.
 *
 * @remarks runs for every message: it makes nothing while all is well
 */
export function topicFault(what: string, bytes: Buffer, from: number, to: number): Fault | undefined {
  let isAscii = true
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at]!
    if (byte === 0) return notText(what) // [MQTT-1.5.3-2]
    if (byte === plus || byte === hash) return invalidTopic(`${what} has a wildcard`) // [MQTT-3.3.2-2]
    if (byte >= 0x80) isAscii = false
  }
  if (!isAscii && !isUtf8(bytes.subarray(from, to))) return notText(what) // [MQTT-1.5.3-1]
  if (to - from >= maxLevels && levelsOf(bytes, from, to) > maxLevels) return invalidTopic(`${what} ${tooDeep}`)
  return isPrototypeName(bytes, from, to) ? invalidTopic(`${what} is ${prototypeName}`) : undefined
}

/** What is wrong with a topic that has been read; an empty one too, [MQTT-4.7.3-1]. */
export function topicTextFault(what: string, topic: string): Fault | undefined {
  if (topic === '') return invalidTopic(`${what} is empty`)
  const bytes = Buffer.from(topic)
  return topicFault(what, bytes, 0, bytes.length)
}

/** Whether a name must not become a key. */
export function isPrototype(name: string): boolean {
  return name === prototypeName
}

/** What is wrong with a filter that has been read. */
export function filterFault(filter: string): Fault | undefined {
  if (filter === '') return invalidFilter('an empty filter') // [MQTT-4.7.3-1]
  if (isPrototype(filter)) return invalidFilter(`a filter that is ${prototypeName}`)
  const levels = filter.split('/')
  if (levels.length > maxLevels) return invalidFilter(`a filter that ${tooDeep}`)
  const last = levels.length - 1
  return levels.map((level, at) => levelFault(level, at === last)).find((fault) => fault !== undefined)
}

const tooDeep = `has more than ${maxLevels} levels`

function levelFault(level: string, isLast: boolean): Fault | undefined {
  if (level.includes('#') && !(level === '#' && isLast)) {
    return invalidFilter('a filter with # that is not all of its last level') // [MQTT-4.7.1-2]
  }
  if (level.includes('+') && level !== '+') return invalidFilter('a filter with + that is not all of its level') // [MQTT-4.7.1-3]
  return undefined
}

function levelsOf(bytes: Buffer, from: number, to: number): number {
  let levels = 1
  for (let at = from; at < to; at += 1) if (bytes[at] === slash) levels += 1
  return levels
}

function isPrototypeName(bytes: Buffer, from: number, to: number): boolean {
  return (
    to - from === prototypeName.length && bytes[from] === 0x5f && bytes.toString('latin1', from, to) === prototypeName
  )
}

function notText(what: string): Fault {
  return malformed(`${what} is not text in UTF-8`)
}

function invalidTopic(message: string): Fault {
  return { message, reasonCode: reasonCode.topicNameInvalid }
}

function invalidFilter(message: string): Fault {
  return { message, reasonCode: reasonCode.topicFilterInvalid }
}
