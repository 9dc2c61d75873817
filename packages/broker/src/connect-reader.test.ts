import { PassThrough } from 'node:stream'
import { generate } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { readConnect, type ArrivedConnect, type RefusedConnect } from './connect-reader.ts'
import { connectPacket } from './testing/clients.ts'

/** What is made of bytes that come in these pieces. */
async function read(pieces: Buffer[]): Promise<ArrivedConnect | RefusedConnect> {
  const stream = new PassThrough()
  const result = new Promise<ArrivedConnect | RefusedConnect>((resolve) => readConnect(stream, 1024, resolve))
  for (const piece of pieces) {
    stream.write(piece)
    await new Promise(setImmediate)
  }
  return result
}

function connectOf(name: string, level: number): Buffer {
  const body = [0, name.length, ...Buffer.from(name), level, 2, 0, 60, 0, 0, 0]
  return Buffer.from([0x10, body.length, ...body])
}

const connect = generate(connectPacket('id', { protocolVersion: 5 }))
const behind = generate({ cmd: 'pingreq' })

test('gives a CONNECT of MQTT 5 with its bytes, and what came behind it', async () => {
  const result = await read([Buffer.concat([connect, behind])])
  expect(result).toMatchObject({ kind: 'connect', packet: { level: 5, clientId: 'id' }, bytes: connect, rest: behind })
})

test('puts a CONNECT together that comes byte by byte', async () => {
  const pieces = [...connect].map((byte) => Buffer.from([byte]))
  pieces[pieces.length - 1] = Buffer.concat([pieces[pieces.length - 1]!, behind])
  expect(await read(pieces)).toMatchObject({ kind: 'connect', bytes: connect, rest: behind })
})

test.each([
  ['MQTT', 6, [0x20, 3, 0, 0x84, 0]],
  ['MQTT', 0x85, [0x20, 3, 0, 0x84, 0]],
  ['MQTT', 3, [0x20, 2, 0, 1]],
  ['MQIsdp', 4, [0x20, 2, 0, 1]],
  ['MQIsdp', 5, [0x20, 3, 0, 0x84, 0]],
])('answers %s of level %i that it is not served, in the words of its version', async (name, level, connack) => {
  expect(await read([connectOf(name, level)])).toEqual({
    kind: 'refused',
    refusal: {
      cause: 'protocol-version-unsupported',
      message: `the client speaks ${name} level ${level}; 3.1, 3.1.1 and 5 are served`,
    },
    answer: Uint8Array.from(connack),
  })
})

test('does not answer another protocol', async () => {
  expect(await read([connectOf('AMQP', 5)])).toEqual({
    kind: 'refused',
    refusal: { cause: 'protocol-error', message: 'the protocol name is not MQTT' },
    answer: undefined,
  })
})

test('does not answer a CONNECT that is cut short', async () => {
  expect(await read([Buffer.from([0x10, 2, 0, 4])])).toEqual({
    kind: 'refused',
    refusal: { cause: 'protocol-error', message: 'CONNECT is cut short' },
    answer: undefined,
  })
})

test('answers 0x8C to a client that wants another way to authenticate', async () => {
  const properties = { authenticationMethod: 'SCRAM-SHA-256', authenticationData: Buffer.from([1]) }
  expect(await read([generate(connectPacket('id', { protocolVersion: 5, properties }))])).toEqual({
    kind: 'refused',
    refusal: {
      cause: 'authentication-method-unsupported',
      message: 'the client asks for the authentication method SCRAM-SHA-256',
    },
    answer: Uint8Array.of(0x20, 3, 0, 0x8c, 0),
  })
})

test('refuses what is no CONNECT at its first byte', async () => {
  expect(await read([behind.subarray(0, 1)])).toEqual({
    kind: 'refused',
    refusal: { cause: 'protocol-error', message: 'the first packet is not CONNECT' },
    answer: undefined,
  })
})
