import mqttPacket from 'mqtt-packet'
import { expect, test } from 'vitest'
import { acknowledgements, frameCutter, messageBatch, numberOf, publishFrame } from './publish-frames.ts'

const frame = publishFrame({ topic: 'demo/x', qos: 1, payloadBytes: 8 })

test('a batch of messages is what mqtt-packet reads as such, each with an identifier and a number of its own', () => {
  const read: { messageId: unknown; number: number; topic: string }[] = []
  const parser = mqttPacket.parser()
  parser.on('packet', (packet) => {
    if (packet.cmd !== 'publish') throw new Error(packet.cmd)
    read.push({ messageId: packet.messageId, topic: packet.topic, number: (packet.payload as Buffer).readUInt32BE(0) })
  })
  parser.parse(messageBatch(frame, 65_534, 2))
  expect(read).toEqual([
    { messageId: 65_535, topic: 'demo/x', number: 65_534 },
    { messageId: 1, topic: 'demo/x', number: 65_535 },
  ])
})

test('packets are found whole however the stream is cut into chunks, and acknowledged by their identifiers', () => {
  const numbers: number[] = []
  const acks: string[] = []
  const take = frameCutter(0x32, frame.template.length, (bytes, count) => {
    acks.push(acknowledgements(frame, bytes, count).toString('hex'))
    for (let at = 0; at < count; at += 1) numbers.push(numberOf(frame, bytes, at * frame.template.length))
  })
  const bytes = messageBatch(frame, 0, 3)
  for (const [from, to] of [
    [0, 5],
    [5, 30],
    [30, bytes.length],
  ] as const)
    take(bytes.subarray(from, to))
  expect(numbers).toEqual([0, 1, 2])
  expect(acks.join('')).toBe('400200014002000240020003')
  expect(() => take(Buffer.from([0xe0, 0]))).toThrow('a packet of type 14 came where another was due')
})
