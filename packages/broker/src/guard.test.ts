import { describe, expect, test } from 'vitest'
import { generate, type Packet } from 'mqtt-packet'
import { Guard } from './guard.ts'
import { connectPacket } from './testing/clients.ts'
import { inspectInSteps as inspect, streamOf } from './testing/inspect-bytes.ts'

const connect = generate(connectPacket())

function bytesOf(...packets: Packet[]): Buffer {
  return streamOf(4, packets)
}

function text(characters: string): number[] {
  return [...Buffer.from(characters)]
}

const publish: Packet = {
  cmd: 'publish',
  topic: 'demo',
  payload: 'hello',
  qos: 1,
  messageId: 1,
  dup: false,
  retain: false,
}

describe.each([1, 2, 3, 7, 100_000])('in chunks of %i', (step) => {
  test('lets every packet of a client pass', () => {
    const bytes = bytesOf(
      publish,
      { ...publish, qos: 2, dup: true },
      { cmd: 'puback', messageId: 1 },
      { cmd: 'pubrec', messageId: 1 },
      { cmd: 'pubrel', messageId: 1 },
      { cmd: 'pubcomp', messageId: 1 },
      { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'demo', qos: 0 }] },
      { cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['demo'] },
      { cmd: 'pingreq' },
      { ...publish, payload: 'x'.repeat(900) },
      { cmd: 'disconnect' },
    )
    expect(inspect(bytes, step)).toBeUndefined()
  })

  test.each<[string, number[], string]>([
    ['a second CONNECT', [...connect], 'a second CONNECT'],
    ['CONNACK', [0x20, 2, 0, 0], 'packet type 2 does not come from a client'],
    ['reserved type 0', [0x00, 0], 'packet type 0 does not come from a client'],
    ['AUTH', [0xf0, 0], 'packet type 15 does not come from a client'],
    ['PINGREQ with flags', [0xc1, 0], 'packet type 12 with flags 1'],
    ['SUBSCRIBE without its flag', [0x80, 0], 'packet type 8 with flags 0'],
    ['QoS 3', [0x36, 0], 'PUBLISH with QoS 3'],
    ['DUP of QoS 0', [0x38, 0], 'PUBLISH of QoS 0 with DUP'],
    ['a long PUBACK', [0x40, 3, 0, 1, 0], 'packet type 4 with a body of 3 bytes'],
    ['an endless length', [0x30, 0xff, 0xff, 0xff, 0xff, 1], 'a remaining length of more than four bytes'],
  ])('stops %s', (_what, bytes, message) => {
    expect(inspect(Buffer.from([...connect, ...bytes]), step)).toMatchObject({ cause: 'protocol-error', message })
  })

  test('lets topics and filters of any language pass, empty messages too', () => {
    const bytes = bytesOf(
      { ...publish, topic: 'demo/温度/é😀', payload: '' },
      { ...publish, topic: 'constructor', payload: Buffer.from([0, 0xff]), qos: 0 },
      { ...publish, topic: '__proto__/x' },
      { ...publish, topic: Array(100).fill('x').join('/') },
      { ...publish, messageId: 256 },
      {
        cmd: 'subscribe',
        messageId: 256,
        subscriptions: [
          { topic: 'demo/+/é', qos: 2 },
          { topic: '#', qos: 0 },
        ],
      },
      { cmd: 'unsubscribe', messageId: 255, unsubscriptions: ['demo/+/é', '#', '/', '+', '//', '$share/g/x', 'a /#'] },
    )
    expect(inspect(bytes, step)).toBeUndefined()
  })

  const notText = 'the topic is not text in UTF-8'
  test.each<[string, number[], string]>([
    ['U+0000 in a topic', [0x30, 5, 0, 2, 0x61, 0, 0x78], notText],
    ['half a character in a topic', [0x30, 5, 0, 2, 0x61, 0xc3, 0xa9], notText],
    ['a surrogate in a topic', [0x30, 5, 0, 3, 0xed, 0xa0, 0x80], notText],
    ['a topic with #', [0x30, 4, 0, 2, 0x2f, 0x23], 'the topic has a wildcard'],
    ['a topic with +', [0x30, 3, 0, 1, 0x2b], 'the topic has a wildcard'],
    ['an empty topic', [0x30, 3, 0, 0, 1], 'PUBLISH to an empty topic'],
    ['a PUBLISH without a topic', [0x30, 0], 'PUBLISH is cut short'],
    ['a PUBLISH shorter than its topic', [0x30, 3, 0, 2, 0x61], 'PUBLISH is cut short'],
    ['a PUBLISH without its identifier', [0x32, 4, 0, 1, 0x61, 0], 'PUBLISH is cut short'],
    ['identifier 0 in a PUBLISH of QoS 1', [0x32, 5, 0, 1, 0x61, 0, 0], 'packet identifier 0'],
    ['identifier 0 in a PUBLISH of QoS 2', [0x34, 6, 0, 1, 0x61, 0, 0, 1], 'packet identifier 0'],
    ['identifier 0 in PUBACK', [0x40, 2, 0, 0], 'packet identifier 0'],
    ['identifier 0 in PUBREC', [0x50, 2, 0, 0], 'packet identifier 0'],
    ['identifier 0 in PUBREL', [0x62, 2, 0, 0], 'packet identifier 0'],
    ['identifier 0 in PUBCOMP', [0x70, 2, 0, 0], 'packet identifier 0'],
    ['identifier 0 in SUBSCRIBE', [0x82, 6, 0, 0, 0, 1, 0x61, 0], 'packet identifier 0'],
    ['identifier 0 in UNSUBSCRIBE', [0xa2, 5, 0, 0, 0, 1, 0x61], 'packet identifier 0'],
    ['a SUBSCRIBE without a filter', [0x82, 2, 0, 1], 'SUBSCRIBE without a filter'],
    ['an UNSUBSCRIBE without a filter', [0xa2, 2, 0, 1], 'UNSUBSCRIBE without a filter'],
    ['a SUBSCRIBE without anything', [0x82, 0], 'SUBSCRIBE is cut short'],
    ['a filter without its QoS', [0x82, 5, 0, 1, 0, 1, 0x61], 'SUBSCRIBE is cut short'],
    ['a filter of QoS 3', [0x82, 6, 0, 1, 0, 1, 0x61, 3], 'a filter with a QoS over 2'],
    ['an empty filter', [0xa2, 4, 0, 1, 0, 0], 'an empty filter'],
    ['U+0000 in a filter', [0x82, 7, 0, 1, 0, 2, 0x61, 0, 0], 'the filter is not text in UTF-8'],
    [
      'half a character in the second filter',
      [0xa2, 8, 0, 1, 0, 1, 0x61, 0, 1, 0xc3],
      'the filter is not text in UTF-8',
    ],
    ['the filter that is no key', [0x82, 14, 0, 1, 0, 9, ...text('__proto__'), 0], 'a filter that is __proto__'],
    ['the topic that is no key', [0x30, 11, 0, 9, ...text('__proto__')], 'the topic is __proto__'],
    ['a topic of 101 levels', [0x30, 102, 0, 100, ...text('/'.repeat(100))], 'the topic has more than 100 levels'],
    [
      'a filter of 101 levels',
      [0xa2, 104, 0, 1, 0, 100, ...text('/'.repeat(100))],
      'a filter that has more than 100 levels',
    ],
    ...['a#', '#/a', 'a/#/b', '##', '/a#'].map((filter): [string, number[], string] => [
      `the filter ${filter}`,
      [0xa2, 4 + filter.length, 0, 1, 0, filter.length, ...text(filter)],
      'a filter with # that is not all of its last level',
    ]),
    ...['a+', '+a', 'a+/b', 'b/+a', '++', '+a/#'].map((filter): [string, number[], string] => [
      `the filter ${filter}`,
      [0xa2, 4 + filter.length, 0, 1, 0, filter.length, ...text(filter)],
      'a filter with + that is not all of its level',
    ]),
    ['a packet behind DISCONNECT', [0xe0, 0, 0xc0, 0], 'bytes follow DISCONNECT'],
  ])('stops %s', (_what, bytes, message) => {
    expect(inspect(Buffer.from([...connect, ...bytes]), step)).toMatchObject({ cause: 'protocol-error', message })
  })

  test('stops a packet over the size at its header, before its body', () => {
    const header = [0x30, 0xff, 0xff, 0x7f]
    expect(inspect(Buffer.from([...connect, ...header]), step)).toMatchObject({
      cause: 'packet-too-large',
      message: 'a packet of 2097155 bytes where at most 1024 are read',
      reasonCode: 0x95,
    })
  })

  test('takes a length in more bytes than it needs: 3.1.1 has no word against it', () => {
    expect(inspect(Buffer.from([...connect, 0xc0, 0x80, 0x80, 0, 0x30, 0x83, 0, 0, 1, 0x61]), step)).toBeUndefined()
  })

  test('wants CONNECT first', () => {
    expect(inspect(generate(publish), step)).toMatchObject({ message: 'the first packet is not CONNECT', at: 0 })
  })
})

test('says where in the chunk the packet at fault begins', () => {
  const before = bytesOf(publish)
  expect(new Guard(1024).inspect(Buffer.concat([before, Buffer.from([0xf0, 0])]))?.at).toBe(before.length)
})

test('knows the length of the first packet as soon as its header is there', () => {
  const guard = new Guard(1024)
  guard.inspect(connect.subarray(0, 1))
  expect(guard.firstPacketBytes).toBeUndefined()
  guard.inspect(connect.subarray(1, 2))
  expect(guard.firstPacketBytes).toBe(connect.length)
})

test('tells where a packet begins that the chunk does not end', () => {
  const guard = new Guard(1024)
  const begunAt = (chunk: Buffer) => {
    guard.inspect(chunk)
    return guard.unfinishedAt
  }
  expect(begunAt(connect.subarray(0, 1))).toBe(0)
  expect(begunAt(connect.subarray(1, 5))).toBe(0)
  expect(begunAt(Buffer.concat([connect.subarray(5), Buffer.of(0xc0)]))).toBe(connect.length - 5)
  expect(begunAt(Buffer.of(0, 0xc0, 0))).toBe(3)
})
