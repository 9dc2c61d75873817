import { expect, it } from 'vitest'
import type { Commit } from '../commit.ts'
import { sampleAccount } from '../testing/sample-records.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { Journal } from './journal.ts'
import { decodeLine, encodeCommits } from './journal-line.ts'

function commit(number: number, count = 1): Commit {
  const write = (at: number) => {
    const after = sampleAccount(`${number}.${at}`)
    return { collection: 'accounts', key: after.id, before: undefined, after, order: at } as const
  }
  return { number, reset: false, writes: Array.from({ length: count }, (_, at) => write(at)) }
}

const linesOf = (text: string) => text.split('\n').slice(0, -1)

it('cuts off what a failed append left before another journal follows', async () => {
  const disk = new SimulatedDisk()
  const journal = new Journal(disk, '/data/journal-1.log', 0)
  await journal.open()
  await journal.append([commit(1)])
  disk.trouble = { code: 'EIO', from: disk.steps + 1, steps: 2 }
  await expect(journal.append([commit(2)])).rejects.toThrow('EIO')
  expect(disk.contents('/data/journal-1.log')!.length).toBeGreaterThan(journal.length)
  await journal.finish()
  expect(disk.contents('/data/journal-1.log')!.length).toBe(journal.length)
})

it('writes a line a commit with its checksum and how far the file was durable before', () => {
  const text = [...encodeCommits([commit(7), commit(8)], 1234)].join('')
  expect(linesOf(text).map((line) => line.slice(9))).toEqual([
    '1234 {"n":7,"w":[{"c":"accounts","put":{"id":"7.0","name":"7.0"}}]}',
    '1234 {"n":8,"w":[{"c":"accounts","put":{"id":"8.0","name":"8.0"}}]}',
  ])
  expect(linesOf(text).map((line) => decodeLine(Buffer.from(line))?.n)).toEqual([7, 8])
})

it('reads no line in which a single bit is another', () => {
  const line = Buffer.from(linesOf([...encodeCommits([commit(1)], 0)].join(''))[0]!)
  for (let bit = 0; bit < line.length * 8; bit += 1) {
    const flipped = Buffer.from(line)
    flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7))
    const same = decodeLine(flipped)
    expect({ bit, same }).toEqual({ bit, same: undefined })
  }
})

it('writes a large commit in several lines, and a reset of nothing in one', () => {
  const large = linesOf([...encodeCommits([commit(1, 70)], 0)].join('')).map((line) => decodeLine(Buffer.from(line)))
  expect(large.map((line) => [line?.n, line?.more, line?.w.length])).toEqual([
    [1, true, 32],
    [1, true, 32],
    [1, undefined, 6],
  ])
  const reset = [...encodeCommits([{ number: 2, reset: true, writes: [] }], 0)].join('')
  expect(linesOf(reset).map((line) => line.slice(9))).toEqual(['0 {"n":2,"reset":true,"w":[]}'])
})

it('writes only the fields that changed, and the whole record where its fields are others', () => {
  const before = { id: '1', name: 'a', note: 'x' }
  const written = (after: object) => {
    const write = { collection: 'accounts', key: '1', before, after, order: 1 } as const
    const line = linesOf([...encodeCommits([{ number: 1, reset: false, writes: [write] }], 0)].join(''))[0]!
    return decodeLine(Buffer.from(line))?.w
  }
  expect(written({ ...before, name: 'b' })).toEqual([{ c: 'accounts', k: '1', set: { name: 'b' } }])
  expect(written({ id: '1', name: 'a' })).toEqual([{ c: 'accounts', put: { id: '1', name: 'a' } }])
  expect(written({ ...before, note: undefined })).toEqual([{ c: 'accounts', put: { id: '1', name: 'a' } }])
  expect(written({ id: '1', name: 'a', other: 'x' })).toEqual([
    { c: 'accounts', put: { id: '1', name: 'a', other: 'x' } },
  ])
})
