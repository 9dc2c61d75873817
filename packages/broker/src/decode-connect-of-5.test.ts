import { generate } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { decodeConnect, protocolOf } from './decode-connect.ts'
import { connectPacket } from './testing/clients.ts'

const malformed = 0x81
const forbidden = 0x82

/** CONNECT with these properties; `rest` is all that follows them, by default a client id. */
function connectWith(properties: number[], rest: number[] = [0, 1, 0x61], flags = 2): Buffer {
  const body = [0, 4, ...Buffer.from('MQTT'), 5, flags, 0, 60, properties.length, ...properties, ...rest]
  return Buffer.from([0x10, body.length, ...body])
}

/** A CONNECT with a will of these properties. */
function willWith(properties: number[], topic = [0, 1, 0x74]): Buffer {
  return connectWith([], [0, 1, 0x61, properties.length, ...properties, ...topic, 0, 0], 6)
}

test('reads what an MQTT 5 client writes', () => {
  const properties = {
    sessionExpiryInterval: 4294967295,
    receiveMaximum: 1,
    maximumPacketSize: 268435455,
    topicAliasMaximum: 65535,
    requestProblemInformation: false,
    requestResponseInformation: true,
  }
  const packet = connectPacket('id', {
    protocolVersion: 5,
    keepalive: 0,
    clean: false,
    password: Buffer.from([0]),
    username: 'é',
    properties: { ...properties, userProperties: { a: ['1', '2'] } },
    will: {
      topic: 'demo/will',
      payload: 'gone',
      qos: 1,
      retain: true,
      properties: {
        willDelayInterval: 5,
        payloadFormatIndicator: true,
        messageExpiryInterval: 1,
        contentType: 'text/plain',
        responseTopic: 'demo/answer',
        correlationData: Buffer.from([1]),
        userProperties: { b: '3' },
      },
    },
  })
  expect(decodeConnect(generate(packet))).toEqual({
    level: 5,
    clientId: 'id',
    clean: false,
    keepAlive: 0,
    will: { topic: 'demo/will', qos: 1, retain: true },
    username: 'é',
    password: Buffer.from([0]),
    properties,
  })
})

test('takes an empty client id and a password alone, which MQTT 5 allows', () => {
  expect(decodeConnect(connectWith([], [0, 0, 0, 1, 7], 2 | 64))).toEqual({
    level: 5,
    clientId: '',
    clean: true,
    keepAlive: 60,
    will: undefined,
    username: undefined,
    password: Buffer.from([7]),
    properties: {},
  })
})

test('reads the authentication method, and leaves it to the reader to refuse', () => {
  const bytes = connectWith([0x15, 0, 1, 0x61, 0x16, 0, 1, 0])
  expect(decodeConnect(bytes).properties).toMatchObject({ authenticationMethod: 'a' })
})

test('knows no bridges in MQTT 5: the top bit makes another level', () => {
  const bytes = connectWith([])
  bytes[8] = 0x85
  expect(protocolOf(bytes)).toEqual({ name: 'MQTT', level: 0x85 })
  expect(() => decodeConnect(bytes)).toThrow('no level 133 is served')
})

describe('refuses', () => {
  test.each<[string, Buffer, string, number]>([
    ['a receive maximum of 0', connectWith([0x21, 0, 0]), 'the receive maximum is 0', forbidden],
    ['a maximum packet size of 0', connectWith([0x27, 0, 0, 0, 0]), 'the maximum packet size is 0', forbidden],
    [
      'a request for problem information of 2',
      connectWith([0x17, 2]),
      'the request for problem information is 2, neither 0 nor 1',
      forbidden,
    ],
    [
      'a request for response information of 255',
      connectWith([0x19, 255]),
      'the request for response information is 255, neither 0 nor 1',
      forbidden,
    ],
    [
      'data without a method',
      connectWith([0x16, 0, 1, 0]),
      'authentication data without an authentication method',
      forbidden,
    ],
    ['a property twice', connectWith([0x22, 0, 0, 0x22, 0, 0]), 'property 34 twice in CONNECT', forbidden],
    ['a property of the will', connectWith([0x18, 0, 0, 0, 0]), 'property 24 in CONNECT', malformed],
    ['a property of CONNACK', connectWith([0x24, 1]), 'property 36 in CONNECT', malformed],
    ['an interval cut short', connectWith([0x11, 0, 0, 0]), 'the block of properties is cut short', malformed],
    ['properties that end behind the packet', connectWith([], []).subarray(0, 12), 'CONNECT is cut short', malformed],
    ['a property of CONNECT in the will', willWith([0x11, 0, 0, 0, 0]), 'property 17 in will', malformed],
    [
      'a response topic of the will with a wildcard',
      willWith([8, 0, 1, 0x2b]),
      'the response topic has a wildcard',
      forbidden,
    ],
    ['a will topic with a wildcard', willWith([], [0, 1, 0x23]), 'the will topic has a wildcard', 0x90],
    [
      'a client id that is no key',
      connectWith([], [0, 9, ...Buffer.from('__proto__')]),
      'the client id is __proto__',
      forbidden,
    ],
    ['bytes behind the last field', connectWith([], [0, 0, 0]), 'bytes follow the last field of CONNECT', malformed],
  ])('%s', (_what, bytes, message, reasonCode) => {
    expect(() => decodeConnect(bytes)).toThrow(expect.objectContaining({ fault: { message, reasonCode } }))
  })

  test('a remaining length in more bytes than it needs', () => {
    const bytes = connectWith([])
    const padded = Buffer.concat([Buffer.from([0x10, bytes[1]! | 0x80, 0]), bytes.subarray(2)])
    expect(() => decodeConnect(padded)).toThrow('a remaining length in more bytes than it needs')
  })

  test('every beginning of a CONNECT', () => {
    const whole = connectWith([0x21, 0, 1, 0x26, 0, 1, 0x61, 0, 1, 0x62])
    for (let end = 2; end < whole.length; end += 1) {
      expect(() => decodeConnect(whole.subarray(0, end))).toThrow('CONNECT is cut short')
    }
  })
})
