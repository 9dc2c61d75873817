import type { Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { Guard } from './guard.ts'
import { inspectInSteps, streamOf } from './testing/inspect-bytes.ts'

const options = { topicAliasMaximum: 2 }
const userProperties = { a: ['1', '', '1'], '': '2', ['__proto__']: '3', é: '温度' }
const publish: Packet = {
  cmd: 'publish',
  topic: 'demo',
  payload: 'hi',
  qos: 1,
  messageId: 1,
  dup: false,
  retain: false,
}

/** What a client may send: every type, with nothing and with all that it may carry. */
const valid: Record<string, Packet | number[]> = {
  'PUBLISH of QoS 0': { ...publish, qos: 0 },
  'PUBLISH without a payload': { ...publish, payload: '' },
  'PUBLISH with all properties': {
    ...publish,
    qos: 2,
    dup: true,
    payload: 'x'.repeat(300),
    properties: {
      payloadFormatIndicator: true,
      messageExpiryInterval: 0xffffffff,
      contentType: '',
      responseTopic: 'demo/réponse',
      correlationData: Buffer.from([0, 0xff]),
      topicAlias: 2,
      userProperties,
    },
  },
  'PUBLISH of a lifetime of 0': { ...publish, properties: { messageExpiryInterval: 0, payloadFormatIndicator: false } },
  'PUBLISH by its alias': { ...publish, topic: '', qos: 0, properties: { topicAlias: 2 } },
  'PUBLISH with a long head': { ...publish, properties: { correlationData: Buffer.alloc(500, 7) } },
  'PUBACK of two bytes': [0x40, 2, 0, 1],
  'PUBACK of three bytes': [0x40, 3, 0, 1, 0x10],
  'PUBACK with properties': {
    cmd: 'puback',
    messageId: 1,
    reasonCode: 0x97,
    properties: { reasonString: 'full', userProperties },
  },
  'PUBREC with properties': { cmd: 'pubrec', messageId: 65535, reasonCode: 0x80, properties: { userProperties } },
  'PUBREL with properties': { cmd: 'pubrel', messageId: 1, reasonCode: 0x92, properties: { reasonString: '' } },
  'PUBCOMP with properties': { cmd: 'pubcomp', messageId: 1, reasonCode: 0, properties: { reasonString: 'é' } },
  SUBSCRIBE: {
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [
      { topic: 'demo/+/x/#', qos: 2, nl: true, rap: true, rh: 2 },
      { topic: '$share/group/demo', qos: 0, nl: false, rap: false, rh: 1 },
    ],
    properties: { subscriptionIdentifier: 268435455, userProperties },
  },
  UNSUBSCRIBE: {
    cmd: 'unsubscribe',
    messageId: 1,
    unsubscriptions: ['demo/+/x/#', '$share/group/demo'],
    properties: { userProperties },
  },
  PINGREQ: { cmd: 'pingreq' },
  'DISCONNECT of no byte': [0xe0, 0],
  'DISCONNECT of one byte': [0xe0, 1, 0x04],
  'DISCONNECT with properties': {
    cmd: 'disconnect',
    reasonCode: 0x99,
    properties: { sessionExpiryInterval: 0xffffffff, reasonString: 'done', userProperties },
  },
}

test('lets everything pass that an MQTT 5 client may send, cut at any byte', () => {
  for (const [what, packet] of Object.entries(valid)) {
    const aliased = { ...publish, properties: { topicAlias: 2 } }
    const bytes = streamOf(5, [aliased, packet])
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const guard = new Guard(1024, 2)
      expect(guard.inspect(bytes.subarray(0, cut)), `${what}, before ${cut}`).toBeUndefined()
      expect(guard.inspect(bytes.subarray(cut)), `${what}, from ${cut} on`).toBeUndefined()
    }
  }
})

const text = (characters: string) => [...Buffer.from(characters)]
const prefixed = (characters: string) => [0, Buffer.byteLength(characters), ...text(characters)]

/** A packet whose properties are these bytes, between what stands before and behind them. */
function withProperties(header: number, before: number[], properties: number[], behind: number[] = []): number[] {
  const body = [...before, properties.length, ...properties, ...behind]
  return [header, body.length, ...body]
}

const inPublish = (...properties: number[]) => withProperties(0x30, prefixed('a'), properties, text('payload'))
const inSubscribe = (...properties: number[]) => withProperties(0x82, [0, 1], properties, [...prefixed('a'), 0])
const subscribeWith = (filter: string, option: number) =>
  withProperties(0x82, [0, 1], [], [...prefixed(filter), option])
const acknowledge = (header: number, ...behind: number[]) => [header, 2 + behind.length, 0, 1, ...behind]

const malformed = 0x81
const forbidden = 0x82
const filterInvalid = 0x8f
const topicInvalid = 0x90
const aliasInvalid = 0x94

type Row = [what: string, bytes: number[], message: string, reasonCode: number]

const frames: Row[] = [
  ['a second CONNECT', [0x10, 0], 'a second CONNECT', forbidden],
  ['AUTH', [0xf0, 0], 'AUTH without an authentication method', forbidden],
  ['SUBACK', [0x90, 0], 'packet type 9 does not come from a client', forbidden],
  ['PINGREQ with a body', [0xc0, 1, 0], 'packet type 12 with a body of 1 bytes', malformed],
  ['PINGREQ with flags', [0xc2, 0], 'packet type 12 with flags 2', malformed],
  ['QoS 3', [0x36, 0], 'PUBLISH with QoS 3', malformed],
  ['RETAIN', [0x31, 4, ...prefixed('a'), 0], 'PUBLISH with RETAIN, which the service does not have in MQTT 5', 0x9a],
  ['a length of two bytes for 0', [0xc0, 0x80, 0], 'a remaining length in more bytes than it needs', malformed],
  [
    'a length of four bytes for 127',
    [0x30, 0xff, 0x80, 0x80, 0],
    'a remaining length in more bytes than it needs',
    malformed,
  ],
  [
    'a length of five bytes',
    [0x30, 0x80, 0x80, 0x80, 0x80, 1],
    'a remaining length of more than four bytes',
    malformed,
  ],
  ['a packet behind DISCONNECT', [0xe0, 0, 0xc0, 0], 'bytes follow DISCONNECT', forbidden],
]

const publishes: Row[] = [
  ['a PUBLISH of no byte', [0x30, 0], 'PUBLISH is cut short', malformed],
  ['a PUBLISH of its topic', [0x30, 3, ...prefixed('a')], 'PUBLISH is cut short', malformed],
  ['a PUBLISH of topic and identifier', [0x32, 5, ...prefixed('a'), 0, 1], 'PUBLISH is cut short', malformed],
  ['properties longer than the packet', [0x30, 6, ...prefixed('a'), 3, 1, 0], 'PUBLISH is cut short', malformed],
  [
    'a length of the properties that does not end',
    [0x30, 8, ...prefixed('a'), 0xff, 0xff, 0xff, 0xff, 1],
    'the length of the properties takes more than four bytes',
    malformed,
  ],
  [
    'a length of the properties in two bytes for 0',
    [0x30, 5, ...prefixed('a'), 0x80, 0],
    'the length of the properties takes more bytes than it needs',
    malformed,
  ],
  ['identifier 0', withProperties(0x32, [...prefixed('a'), 0, 0], []), 'packet identifier 0', forbidden],
  ['an empty topic', withProperties(0x30, [0, 0], []), 'PUBLISH to an empty topic', forbidden],
  ['an empty topic with properties', withProperties(0x30, [0, 0], [1, 0]), 'PUBLISH to an empty topic', forbidden],
  ['a topic with #', withProperties(0x30, prefixed('a#'), []), 'the topic has a wildcard', topicInvalid],
  [
    'a topic with + and an alias',
    withProperties(0x30, prefixed('+'), [0x23, 0, 1]),
    'the topic has a wildcard',
    topicInvalid,
  ],
  ['a topic that is no key', withProperties(0x30, prefixed('__proto__'), []), 'the topic is __proto__', topicInvalid],
  ['a topic of U+0000', withProperties(0x30, [0, 1, 0], []), 'the topic is not text in UTF-8', malformed],
  ['a topic alias of 0', inPublish(0x23, 0, 0), 'the topic alias is 0', aliasInvalid],
  ['a topic alias too large', inPublish(0x23, 0, 3), 'topic alias 3 where at most 2 is allowed', aliasInvalid],
  [
    'a topic alias that was not set',
    withProperties(0x30, [0, 0], [0x23, 0, 1]),
    'topic alias 1 without a topic, and none was set',
    aliasInvalid,
  ],
  ['a format indicator of 2', inPublish(1, 2), 'the payload format indicator is 2, neither 0 nor 1', forbidden],
  ['a lifetime cut short', inPublish(2, 0, 0, 0), 'the block of properties is cut short', malformed],
  ['a subscription identifier', inPublish(0x0b, 1), 'property 11 in PUBLISH', malformed],
  ['an unknown property', inPublish(0x7f, 0), 'property 127 in PUBLISH', malformed],
  ['property 0', inPublish(0), 'property 0 in PUBLISH', malformed],
  ['a property of another packet', inPublish(0x11, 0, 0, 0, 1), 'property 17 in PUBLISH', malformed],
  ['a property twice', inPublish(1, 0, 1, 0), 'property 1 twice in PUBLISH', forbidden],
  ['an empty correlation twice', inPublish(9, 0, 0, 9, 0, 0), 'property 9 twice in PUBLISH', forbidden],
  ['a response topic cut off', inPublish(8, 0, 5, 0x61), 'the block of properties is cut short', malformed],
  ['a response topic with #', inPublish(8, ...prefixed('a/#')), 'the response topic has a wildcard', forbidden],
  ['an empty response topic', inPublish(8, 0, 0), 'the response topic is empty', forbidden],
  ['a response topic not in UTF-8', inPublish(8, 0, 1, 0xff), 'the response topic is not text in UTF-8', malformed],
  ['a content type with U+0000', inPublish(3, 0, 1, 0), 'the content type is not text in UTF-8', malformed],
  ['half a user property', inPublish(0x26, ...prefixed('a')), 'the block of properties is cut short', malformed],
  [
    'a user property with a surrogate',
    inPublish(0x26, ...prefixed('a'), 0, 3, 0xed, 0xa0, 0x80),
    'the value of a user property is not text in UTF-8',
    malformed,
  ],
  [
    'the name of a user property with U+0000',
    inPublish(0x26, 0, 1, 0, ...prefixed('a')),
    'the name of a user property is not text in UTF-8',
    malformed,
  ],
]

const acknowledgements: Row[] = [
  ['a PUBACK of one byte', [0x40, 1, 0], 'packet type 4 is cut short', malformed],
  ['PUBACK 0', [0x40, 2, 0, 0], 'packet identifier 0', forbidden],
  ['PUBREC 0 with a reason', [0x50, 3, 0, 0, 0], 'packet identifier 0', forbidden],
  ['PUBACK with a reason of PUBREL', acknowledge(0x40, 0x92), 'packet type 4 with reason code 146', forbidden],
  ['PUBREL with a reason of PUBACK', acknowledge(0x62, 0x10), 'packet type 6 with reason code 16', forbidden],
  ['PUBCOMP with no reason there is', acknowledge(0x70, 1), 'packet type 7 with reason code 1', forbidden],
  ['PUBREC with a property of PUBLISH', acknowledge(0x50, 0, 2, 1, 0), 'property 1 in acknowledgement', malformed],
  [
    'PUBACK with two reason strings',
    acknowledge(0x40, 0, 6, 0x1f, 0, 0, 0x1f, 0, 0),
    'property 31 twice in acknowledgement',
    forbidden,
  ],
  ['PUBACK with a tail', acknowledge(0x40, 0, 0, 0), 'bytes follow the properties of packet type 4', malformed],
  ['PUBACK with a block too long', acknowledge(0x40, 0, 1), 'packet type 4 is cut short', malformed],
  ['DISCONNECT with a reason of a server', [0xe0, 1, 0x8b], 'packet type 14 with reason code 139', forbidden],
  ['DISCONNECT with a tail', [0xe0, 3, 0, 0, 0], 'bytes follow the properties of packet type 14', malformed],
  ['DISCONNECT with a server reference', [0xe0, 5, 0, 3, 0x1c, 0, 0], 'property 28 in DISCONNECT', malformed],
  ['DISCONNECT with half an interval', [0xe0, 5, 0, 3, 0x11, 0, 0], 'the block of properties is cut short', malformed],
]

const filters: Row[] = [
  ['a SUBSCRIBE of its identifier', [0x82, 2, 0, 1], 'SUBSCRIBE is cut short', malformed],
  ['a SUBSCRIBE without a filter', [0x82, 3, 0, 1, 0], 'SUBSCRIBE without a filter', forbidden],
  ['an UNSUBSCRIBE without a filter', [0xa2, 3, 0, 1, 0], 'UNSUBSCRIBE without a filter', forbidden],
  ['identifier 0', withProperties(0x82, [0, 0], [], [...prefixed('a'), 0]), 'packet identifier 0', forbidden],
  ['a subscription identifier of 0', inSubscribe(0x0b, 0), 'the subscription identifier is 0', forbidden],
  ['two of them', inSubscribe(0x0b, 1, 0x0b, 2), 'property 11 twice in SUBSCRIBE', forbidden],
  [
    'one of five bytes',
    inSubscribe(0x0b, 0xff, 0xff, 0xff, 0xff, 1),
    'the subscription identifier takes more than four bytes',
    malformed,
  ],
  [
    'one of two bytes for 1',
    inSubscribe(0x0b, 0x81, 0),
    'the subscription identifier takes more bytes than it needs',
    malformed,
  ],
  [
    'one in UNSUBSCRIBE',
    withProperties(0xa2, [0, 1], [0x0b, 1], prefixed('a')),
    'property 11 in UNSUBSCRIBE',
    malformed,
  ],
  ['reserved options', subscribeWith('a', 0x40), 'a filter with reserved options', malformed],
  ['QoS 3', subscribeWith('a', 3), 'a filter with a QoS over 2', forbidden],
  ['retain handling 3', subscribeWith('a', 0x30), 'a filter with retain handling 3', forbidden],
  ['no local on a shared one', subscribeWith('$share/g/a', 4), 'a shared subscription with no local', forbidden],
  ['an empty filter', subscribeWith('', 0), 'an empty filter', filterInvalid],
  ['a filter that is no key', subscribeWith('__proto__', 0), 'a filter that is __proto__', filterInvalid],
  ['a# ', subscribeWith('a#', 0), 'a filter with # that is not all of its last level', filterInvalid],
  ['+a', subscribeWith('+a', 0), 'a filter with + that is not all of its level', filterInvalid],
  ['half a character', withProperties(0x82, [0, 1], [], [0, 1, 0xc3, 0]), 'the filter is not text in UTF-8', malformed],
]

describe.each([1, 2, 3, 7, 100_000])('in chunks of %i', (step) => {
  test.each([...frames, ...publishes, ...acknowledgements, ...filters])(
    'stops %s in MQTT 5',
    (_what, bytes, message, reasonCode) => {
      const violation = inspectInSteps(streamOf(5, [bytes]), step, options)
      const assumption = reasonCode === 0x9a ? { assumption: 'A-61' } : {}
      const at = expect.any(Number) as number
      expect(violation).toEqual({ cause: 'protocol-error', message, reasonCode, at, ...assumption })
    },
  )

  test('stops a packet over the size at its header', () => {
    const violation = inspectInSteps(streamOf(5, [[0x30, 0xff, 0xff, 0x7f]]), step, options)
    expect(violation).toMatchObject({ cause: 'packet-too-large', reasonCode: 0x95 })
  })
})

const withUsers = (count: number) => ({ ...publish, properties: { userProperties: { a: Array(count).fill('x') } } })
const withFilters = (count: number): Packet => ({
  cmd: 'unsubscribe',
  messageId: 1,
  unsubscriptions: Array.from({ length: count }, (_, at) => `${at}`),
})

test('bounds how many user properties and filters are in a packet', () => {
  const large = { maxPacketBytes: 131_072 }
  const inspect = (packet: Packet) => inspectInSteps(streamOf(5, [packet]), 4096, large)
  expect(inspect(withUsers(256))).toBeUndefined()
  expect(inspect(withUsers(257))).toMatchObject({
    message: 'a packet with more than 256 user properties',
    reasonCode: 0x97,
    assumption: 'A-60',
  })
  expect(inspect(withFilters(256))).toBeUndefined()
  expect(inspect(withFilters(257))).toMatchObject({
    message: 'a packet with more than 256 filters',
    reasonCode: 0x97,
    assumption: 'A-60',
  })
})

test('allows no topic alias where none is announced', () => {
  expect(inspectInSteps(streamOf(5, [inPublish(0x23, 0, 1)]), 1000)).toMatchObject({ reasonCode: aliasInvalid })
})

test('knows MQTT 5 by the CONNECT that it sees: what only MQTT 5 has is refused in 3.1.1', () => {
  expect(inspectInSteps(streamOf(4, [acknowledge(0x40, 0)]), 1000)).toMatchObject({
    message: 'packet type 4 with a body of 3 bytes',
  })
  expect(inspectInSteps(streamOf(4, [[0x31, 4, ...prefixed('a'), 0]]), 1000)).toBeUndefined()
})
