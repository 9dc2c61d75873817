import * as fc from 'fast-check'
import { goodBlock, propertyIds, topicAliasMaximum } from './properties.ts'
import { goodFilter, goodText, goodTopic } from './texts.ts'
import { binary, byte, frame, short, text, variable } from './wire.ts'

/** Protocol levels that are served. */
export type Level = 3 | 4 | 5

const identifier = fc.oneof(fc.constantFrom(1, 255, 256, 65535), fc.integer({ min: 1, max: 65535 })).map(short)
const payload = fc
  .oneof(
    { weight: 12, arbitrary: fc.uint8Array({ maxLength: 30 }) },
    { weight: 1, arbitrary: fc.constantFrom(200, 1500).map((length) => new Uint8Array(length).fill(120)) },
  )
  .map((bytes) => Buffer.from(bytes))
const pingreq = frame(0xc0, [])
const nothing = fc.constant(Buffer.alloc(0))
const flag = fc.constantFrom(0, 1)

function propertiesOf(level: Level, block: keyof typeof propertyIds): fc.Arbitrary<Buffer> {
  return level === 5 ? goodBlock(propertyIds[block]) : nothing
}

function publish(level: Level): fc.Arbitrary<Buffer[]> {
  const parts = fc.tuple(
    fc.constantFrom(0, 1, 2),
    flag,
    level === 5 ? fc.constant(0) : flag,
    goodTopic,
    identifier,
    propertiesOf(level, 'publish'),
    payload,
  )
  return parts.map(([qos, dup, retain, topic, id, properties, content]) => {
    const header = 0x30 | (qos > 0 ? dup << 3 : 0) | (qos << 1) | retain
    return [frame(header, [text(topic), ...(qos > 0 ? [id] : []), properties, content])]
  })
}

/** Two messages, the second by the alias that the first sets. */
function aliased(alias: number): fc.Arbitrary<Buffer[]> {
  const block = goodBlock(propertyIds.unaliased, [Buffer.concat([byte(0x23), short(alias)])])
  return fc
    .tuple(goodTopic, block, block, payload)
    .map(([topic, first, second, content]) => [
      frame(0x30, [text(topic), first, content]),
      frame(0x32, [text(''), short(1), second, content]),
    ])
}

const published = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
const reasons: Record<number, number[]> = { 0x40: published, 0x50: published, 0x62: [0, 0x92], 0x70: [0, 0x92] }

function acknowledgement(level: Level): fc.Arbitrary<Buffer[]> {
  const headers = [0x40, 0x50, 0x62, 0x70]
  if (level < 5) return fc.tuple(fc.constantFrom(...headers), identifier).map(([first, id]) => [frame(first, [id])])
  const each = headers.map((first) => {
    const reason = fc.constantFrom(...reasons[first]!).map(byte)
    const block = goodBlock(propertyIds.acknowledgement)
    return fc.tuple(identifier, reason, block, fc.constantFrom(1, 2, 3)).map(([id, code, properties, parts]) => {
      return [frame(first, [id, code, properties].slice(0, parts))]
    })
  })
  return fc.oneof(...each)
}

function subscribe(level: Level): fc.Arbitrary<Buffer[]> {
  const bits = level === 5 ? fc.tuple(flag, flag, fc.constantFrom(0, 1, 2)) : fc.constant([0, 0, 0])
  const one = fc
    .tuple(goodFilter, fc.constantFrom(0, 1, 2), bits)
    .map(([filter, qos, [local = 0, asPublished = 0, retain = 0]]) => {
      const noLocal = filter.startsWith('$share/') ? 0 : local
      return Buffer.concat([text(filter), byte(qos | (noLocal << 2) | (asPublished << 3) | (retain << 4))])
    })
  const filters = fc.array(one, { minLength: 1, maxLength: 4 })
  return fc
    .tuple(identifier, propertiesOf(level, 'subscribe'), filters)
    .map(([id, properties, all]) => [frame(0x82, [id, properties, ...all])])
}

function unsubscribe(level: Level): fc.Arbitrary<Buffer[]> {
  return fc
    .tuple(identifier, propertiesOf(level, 'unsubscribe'), fc.array(goodFilter, { minLength: 1, maxLength: 4 }))
    .map(([id, properties, filters]) => [frame(0xa2, [id, properties, ...filters.map(text)])])
}

/** One packet or two that a client of this level may send, DISCONNECT apart. */
export function goodPackets(level: Level): fc.Arbitrary<Buffer[]> {
  const each = [publish(level), acknowledgement(level), subscribe(level), unsubscribe(level)]
  const pings: fc.Arbitrary<Buffer[]> = fc.constant([pingreq])
  return fc.oneof(...each, pings, ...(level === 5 ? [aliased(1), aliased(topicAliasMaximum)] : []))
}

/** The last packet of a client. */
export function goodDisconnect(level: Level): fc.Arbitrary<Buffer> {
  if (level < 5) return fc.constant(frame(0xe0, []))
  const code = fc.constantFrom(0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99).map(byte)
  return fc
    .tuple(code, goodBlock(propertyIds.disconnect), fc.constantFrom(0, 1, 2))
    .map(([reason, properties, parts]) => frame(0xe0, [reason, properties].slice(0, parts)))
}

/** A plain CONNECT of a level. */
export function plainConnect(level: Level, clientId = 'id'): Buffer {
  const properties = level === 5 ? [variable(0)] : []
  const head = [text(level === 3 ? 'MQIsdp' : 'MQTT'), byte(level), byte(2), short(60)]
  return frame(0x10, [...head, ...properties, text(clientId)])
}

/** Any CONNECT that is right. */
export function goodConnect(level: Level): fc.Arbitrary<Buffer> {
  const will = fc.tuple(propertiesOf(level, 'will'), goodTopic, payload, fc.constantFrom(0, 1, 2), flag)
  return fc
    .tuple(
      flag,
      fc.constantFrom(0, 1, 60, 65535),
      propertiesOf(level, 'connect'),
      goodText.filter((id) => id !== '__proto__'),
      fc.option(will),
      fc.option(goodText),
      fc.option(payload),
      level === 5 ? fc.constant(0) : fc.constantFrom(0, 0x80),
    )
    .map(([clean, keepAlive, properties, clientId, left, username, secret, bridge]) => {
      const password = level < 5 && username === null ? null : secret
      const [willProperties, topic, message, qos, retain] = left ?? []
      const flags =
        (clean << 1) |
        (left ? 4 | (qos! << 3) | (retain! << 5) : 0) |
        (password ? 64 : 0) |
        (username === null ? 0 : 128)
      return frame(0x10, [
        text(level === 3 ? 'MQIsdp' : 'MQTT'),
        byte(level | bridge),
        byte(flags),
        short(keepAlive),
        properties,
        text(clientId),
        ...(left ? [willProperties!, text(topic!), binary(message!)] : []),
        ...(username === null ? [] : [text(username)]),
        ...(password ? [binary(password)] : []),
      ])
    })
}
