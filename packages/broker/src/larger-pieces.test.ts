import { expect, test } from 'vitest'
import { LargerPieces } from './larger-pieces.ts'

test('hands on at once what ends with a packet, as it is', () => {
  const chunk = Buffer.from('ab')
  expect(new LargerPieces().join(chunk, 2)).toBe(chunk)
})

test('keeps small pieces of a packet until it is whole', () => {
  const pieces = new LargerPieces()
  expect(pieces.join(Buffer.from('ab'), 0)).toBeNull()
  expect(pieces.join(Buffer.from('c'), 0)).toBeNull()
  expect(pieces.join(Buffer.from('de'), 2)?.toString()).toBe('abcde')
  expect(pieces.join(Buffer.from('f'), 1)?.toString()).toBe('f')
})

test('does not keep a whole packet for the next one', () => {
  const pieces = new LargerPieces()
  expect(pieces.join(Buffer.from('abC'), 2)?.toString()).toBe('ab')
  expect(pieces.join(Buffer.from('DeF'), 2)?.toString()).toBe('CDe')
  expect(pieces.join(Buffer.from('G'), 1)?.toString()).toBe('FG')
})

test('hands on what is large enough, so that a packet of 128 KiB in single bytes comes in 32 pieces', () => {
  const pieces = new LargerPieces()
  const bytes = Buffer.from(Array.from({ length: 131_072 }, (_, at) => at & 0xff))
  const handedOn: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 1) {
    const piece = pieces.join(bytes.subarray(at, at + 1), at === bytes.length - 1 ? 1 : 0)
    if (piece) handedOn.push(piece)
  }
  expect(handedOn).toHaveLength(32)
  expect(Buffer.concat(handedOn).equals(bytes)).toBe(true)
  expect(pieces.join(Buffer.alloc(5000), 0)).toHaveLength(5000)
})
