import { describe, expect, test } from 'vitest'
import { generate } from 'mqtt-packet'
import { decodeConnect, protocolOf } from './decode-connect.ts'
import { connectPacket } from './testing/clients.ts'

const plain = generate(connectPacket('id'))
/** Where the flags of {@link plain} are. */
const flagsAt = 9

test('reads what other clients write', () => {
  const will = { topic: 'demo/will', payload: Buffer.from([0, 1]), qos: 2, retain: true }
  const packet = connectPacket('GID_demo@@@é😀', {
    will,
    clean: false,
    username: 'me',
    password: Buffer.from([0, 255]),
  })
  expect(decodeConnect(generate(packet))).toEqual({
    level: 4,
    clientId: 'GID_demo@@@é😀',
    clean: false,
    keepAlive: 60,
    will: { topic: 'demo/will', qos: 2, retain: true },
    username: 'me',
    password: Buffer.from([0, 255]),
    properties: undefined,
  })
})

test('reads a CONNECT whose length takes two bytes', () => {
  const clientId = 'x'.repeat(300)
  expect(decodeConnect(generate(connectPacket(clientId)))).toMatchObject({ clientId, username: undefined })
})

test('tells a bridge by its top bit, and takes it', () => {
  const bridge = connectPacket('id', { bridgeMode: true })
  expect(protocolOf(generate(bridge))).toEqual({ name: 'MQTT', level: 4 })
  expect(decodeConnect(generate(bridge)).level).toBe(4)
})

describe('refuses', () => {
  test.each([
    ['the reserved flag', 1, 'the reserved flag is set'],
    ['will QoS without a will', 2 | 8, 'will QoS or retain without a will'],
    ['will retain without a will', 2 | 32, 'will QoS or retain without a will'],
    ['a will of QoS 3', 2 | 4 | 24, 'a will of QoS 3'],
    ['a user name that is not there', 2 | 128, 'CONNECT is cut short'],
    ['a password without a user name', 2 | 64, 'a password without a user name'],
  ])('%s', (_what, flags, message) => {
    const bytes = Buffer.from(plain)
    bytes[flagsAt] = flags
    expect(() => decodeConnect(bytes)).toThrow(message)
  })

  test('fields that no flag announces', () => {
    expect(() => decodeConnect(Buffer.concat([plain, Buffer.from([0])]))).toThrow('bytes follow the last field')
  })

  test.each([
    ['U+0000', [0x61, 0x00]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['half a character', [0xc3]],
  ])('%s in a client id', (_what, id) => {
    const bytes = Buffer.concat([plain.subarray(0, 12), Buffer.from([0, id.length, ...id])])
    expect(() => decodeConnect(bytes)).toThrow('the client id is not text in UTF-8')
  })

  test.each([
    ['with #', 'demo/#', 'the will topic has a wildcard'],
    ['with +', 'demo/+/x', 'the will topic has a wildcard'],
    ['with U+0000', 'demo/\0', 'the will topic is not text in UTF-8'],
    ['that is empty', '', 'the will topic is empty'],
  ])('a will topic %s', (_what, topic, message) => {
    // mqtt-packet would not write some of these
    const bytes = generate(connectPacket('id', { will: { topic: 'x'.repeat(topic.length || 1), payload: 'y' } }))
    const at = 12 + 4
    const withTopic = Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from([0, topic.length]),
      Buffer.from(topic),
      bytes.subarray(at + 2 + (topic.length || 1)),
    ])
    withTopic[1] = withTopic.length - 2
    expect(() => decodeConnect(withTopic)).toThrow(message)
  })

  test('a user name with U+0000', () => {
    const packet = connectPacket('id', { username: 'me\0', password: Buffer.from('x') })
    expect(() => decodeConnect(generate(packet))).toThrow('the user name is not text in UTF-8')
  })

  test('every beginning of a CONNECT', () => {
    for (let end = 2; end < plain.length; end += 1) {
      expect(() => decodeConnect(plain.subarray(0, end))).toThrow('CONNECT is cut short')
    }
  })
})
