import { faultIn, forbidden, malformed, PacketFault, type Fault } from './fault.ts'
import { Fields } from './fields.ts'
import { readProperties } from './mqtt5/properties.ts'
import type { TopicAliases } from './mqtt5/topic-aliases.ts'
import { identifierEnd, topicEnd } from './publish-head.ts'
import { topicFault } from './topic-fault.ts'

const cutShort = malformed('PUBLISH is cut short')
const topic = 'the topic'

/** What is wrong with topic and packet identifier of a PUBLISH of 3.1.1. Runs for every message. */
export function publishFault(header: number, bytes: Buffer, from: number, to: number): Fault | undefined {
  if (to - from < 2 || identifierEnd(header, bytes, from) > to) return cutShort
  const end = topicEnd(bytes, from)
  if (end === from + 2) return emptyTopic // [MQTT-4.7.3-1]
  return topicFault(topic, bytes, from + 2, end) ?? (header & 6 ? identifierFault(bytes, end) : undefined)
}

/** What is wrong with topic, packet identifier and properties of a PUBLISH of MQTT 5. */
export function publishFaultOf5(
  header: number,
  bytes: Buffer,
  from: number,
  to: number,
  aliases: TopicAliases,
): Fault | undefined {
  if (to - from < 2) return cutShort
  const at = identifierEnd(header, bytes, from)
  if (at >= to) return cutShort // at least the length of the properties follows
  const end = topicEnd(bytes, from)
  const fault = topicFault(topic, bytes, from + 2, end) ?? (header & 6 ? identifierFault(bytes, end) : undefined)
  if (fault) return fault
  const hasTopic = end > from + 2
  if (bytes[at] === 0) return hasTopic ? undefined : emptyTopic
  return faultIn(() => checkProperties(new Fields('PUBLISH', bytes, at, to), hasTopic, aliases))
}

function checkProperties(fields: Fields, hasTopic: boolean, aliases: TopicAliases): void {
  const { topicAlias } = readProperties(fields, 'PUBLISH')
  if (topicAlias === undefined && hasTopic) return
  const fault = topicAlias === undefined ? emptyTopic : aliases.use(topicAlias, hasTopic)
  if (fault) throw new PacketFault(fault)
}

const emptyTopic = forbidden('PUBLISH to an empty topic') // 5.0 §3.3.2.1: without an alias

/** What is wrong with a packet identifier. */
export function identifierFault(bytes: Buffer, at: number): Fault | undefined {
  return bytes[at] === 0 && bytes[at + 1] === 0 ? forbidden('packet identifier 0') : undefined // [MQTT-2.3.1-1]
}
