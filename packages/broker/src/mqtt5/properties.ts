import { forbidden, malformed, PacketFault, reasonCode, type Fault } from '../fault.ts'
import type { Fields } from '../fields.ts'
import { topicTextFault } from '../topic-fault.ts'

/** Properties that a client may send, by name; those of a block that came. */
export interface Properties {
  payloadFormatIndicator?: boolean
  messageExpiryInterval?: number
  contentType?: string
  responseTopic?: string
  correlationData?: Buffer
  subscriptionIdentifier?: number
  sessionExpiryInterval?: number
  authenticationMethod?: string
  authenticationData?: Buffer
  requestProblemInformation?: boolean
  willDelayInterval?: number
  requestResponseInformation?: boolean
  receiveMaximum?: number
  reasonString?: string
  topicAliasMaximum?: number
  topicAlias?: number
  maximumPacketSize?: number
}

/** A block that the standard knows apart: the will has one of its own, the acknowledgements have the same. */
export type PropertyBlock =
  | 'CONNECT'
  | 'will'
  | 'PUBLISH'
  | 'acknowledgement'
  | 'SUBSCRIBE'
  | 'UNSUBSCRIBE'
  | 'DISCONNECT'

interface Property {
  name: keyof Properties
  /** Reads its value; throws {@link PacketFault} at one that the standard forbids. */
  read(fields: Fields): unknown
}

/** May come more often than once, in any block; nothing here asks for its value. */
const userProperty = 0x26
/** Each is written to each subscriber by itself. LIMITS A-60 */
const maxUserProperties = 256
const tooManyUserProperties: Fault = {
  message: `a packet with more than ${maxUserProperties} user properties`,
  reasonCode: reasonCode.quotaExceeded,
  assumption: 'A-60',
}

const noProperties: Properties = Object.freeze({})

/** Every property that a client sends (5.0 §2.2.2.2), but the user property. */
const byId: Readonly<Record<number, Property>> = {
  0x01: { name: 'payloadFormatIndicator', read: boolean('payload format indicator') },
  0x02: { name: 'messageExpiryInterval', read: (fields) => fields.long() },
  0x03: { name: 'contentType', read: (fields) => fields.text('content type') },
  0x08: { name: 'responseTopic', read: responseTopic },
  0x09: { name: 'correlationData', read: (fields) => fields.binary() },
  0x0b: { name: 'subscriptionIdentifier', read: subscriptionIdentifier },
  0x11: { name: 'sessionExpiryInterval', read: (fields) => fields.long() },
  0x15: { name: 'authenticationMethod', read: (fields) => fields.text('authentication method') },
  0x16: { name: 'authenticationData', read: (fields) => fields.binary() },
  0x17: { name: 'requestProblemInformation', read: boolean('request for problem information') },
  0x18: { name: 'willDelayInterval', read: (fields) => fields.long() },
  0x19: { name: 'requestResponseInformation', read: boolean('request for response information') },
  0x1f: { name: 'reasonString', read: (fields) => fields.text('reason string') },
  0x21: { name: 'receiveMaximum', read: (fields) => notZero('receive maximum', fields.number()) },
  0x22: { name: 'topicAliasMaximum', read: (fields) => fields.number() },
  0x23: { name: 'topicAlias', read: topicAlias },
  0x27: { name: 'maximumPacketSize', read: (fields) => notZero('maximum packet size', fields.long()) },
}

/** Which of them each block may have. A subscription identifier in a PUBLISH is the server's: [MQTT-3.3.4-6]. */
const idsIn: Readonly<Record<PropertyBlock, ReadonlySet<number>>> = {
  CONNECT: new Set([0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x27]),
  will: new Set([0x01, 0x02, 0x03, 0x08, 0x09, 0x18]),
  PUBLISH: new Set([0x01, 0x02, 0x03, 0x08, 0x09, 0x23]),
  acknowledgement: new Set([0x1f]),
  SUBSCRIBE: new Set([0x0b]),
  UNSUBSCRIBE: new Set(),
  DISCONNECT: new Set([0x11, 0x1f]),
}

/** Reads a block of properties, its length first. @throws {PacketFault} at whatever is wrong with it */
export function readProperties(fields: Fields, block: PropertyBlock): Properties {
  const length = fields.variable('length of the properties')
  if (length === 0) return noProperties
  const inner = fields.inner('the block of properties', length)
  const properties: Properties = {}
  let userProperties = 0
  while (!inner.isAtEnd) {
    const id = inner.byte()
    if (id !== userProperty) readProperty(inner, id, block, properties)
    else passUserProperty(inner, (userProperties += 1))
  }
  return properties
}

function readProperty(fields: Fields, id: number, block: PropertyBlock, properties: Properties): void {
  const property = byId[id]
  if (!property || !idsIn[block].has(id)) throw new PacketFault(malformed(`property ${id} in ${block}`)) // 5.0 §2.2.2.2
  const { name, read } = property
  if (properties[name] !== undefined) throw new PacketFault(forbidden(`property ${id} twice in ${block}`))
  Object.assign(properties, { [name]: read(fields) })
}

function passUserProperty(fields: Fields, count: number): void {
  if (count > maxUserProperties) throw new PacketFault(tooManyUserProperties)
  fields.text('name of a user property')
  fields.text('value of a user property')
}

function boolean(what: string): Property['read'] {
  return (fields) => {
    const byte = fields.byte()
    if (byte > 1) throw new PacketFault(forbidden(`the ${what} is ${byte}, neither 0 nor 1`))
    return byte === 1
  }
}

function notZero(what: string, value: number): number {
  if (value === 0) throw new PacketFault(forbidden(`the ${what} is 0`))
  return value
}

function subscriptionIdentifier(fields: Fields): number {
  return notZero('subscription identifier', fields.variable('subscription identifier'))
}

function topicAlias(fields: Fields): number {
  const alias = fields.number()
  if (alias > 0) return alias
  throw new PacketFault({ message: 'the topic alias is 0', reasonCode: reasonCode.topicAliasInvalid }) // [MQTT-3.3.2-8]
}

function responseTopic(fields: Fields): string {
  const topic = fields.text('response topic')
  const fault = topicTextFault('the response topic', topic) // [MQTT-3.3.2-14]
  if (fault) throw new PacketFault({ ...fault, reasonCode: reasonCode.protocolError })
  return topic
}
