import { describe, expect, it } from 'vitest'
import { Politeness, type PoliteCall } from './politeness.ts'

const account = '1000000000000001'

function call(accessKeyId: string, arrivedAt: number, toldMs?: number, more: Partial<PoliteCall> = {}): PoliteCall {
  const client = { accountId: account, accessKeyId, userName: null, remoteAddress: '127.0.0.1' }
  return { ...client, action: 'GetRegisterCode', arrivedAt, answeredAt: arrivedAt, toldMs, ...more }
}

function bookOf(...calls: PoliteCall[]): Politeness {
  const book = new Politeness()
  for (const one of calls) book.note(one)
  return book
}

describe('D11: the politeness of clients', () => {
  it('lists rude clients first, the rudest of them before the others, and nobody who was never refused', () => {
    const loop = (key: string, broken: number) => [
      call(key, 0, 1000),
      ...Array.from({ length: broken }, (_, at) => call(key, 101 + at, 899 - at)),
    ]
    const book = bookOf(
      call('never-refused', 0),
      call('polite', 0, 1000),
      call('polite', 1000),
      ...loop('rude', 2),
      ...loop('ruder', 3),
      call('gone', 0, 1000),
    )
    expect(book.clients().map((client) => [client.accessKeyId, client.verdict, client.kept, client.broken])).toEqual([
      ['ruder', 'rude', 0, 3],
      ['rude', 'rude', 0, 2],
      ['polite', 'polite', 1, 0],
      ['gone', 'unjudged', 0, 0],
    ])
  })

  it('tells the operations of a client apart: another call meanwhile breaks nothing', () => {
    const other = { action: 'ListDeviceCertificate' }
    const book = bookOf(
      call('key', 0, 1000),
      call('key', 500, undefined, other),
      call('key', 600, 900, other),
      call('key', 601, 899, other),
      call('key', 1000),
    )
    const figures = { kept: 0, broken: 0, onTheirWay: 0, isWaiting: false, median: null, worst: null }
    const waited = { toldMs: 1000, waitedMs: 1000 }
    expect(book.clients()).toEqual([
      {
        name: `the owner of ${account}`,
        accountId: account,
        accessKeyId: 'key',
        userName: null,
        remoteAddress: '127.0.0.1',
        verdict: 'polite',
        refusals: 3,
        kept: 1,
        broken: 0,
        operations: [
          { action: 'ListDeviceCertificate', ...figures, refusals: 2, onTheirWay: 1, isWaiting: true },
          { action: 'GetRegisterCode', ...figures, refusals: 1, kept: 1, median: waited, worst: waited },
        ],
      },
    ])
  })

  it('one key from two addresses is two clients', () => {
    const elsewhere = { remoteAddress: '127.0.0.2' }
    const book = bookOf(call('key', 0, 1000), call('key', 500, undefined, elsewhere), call('key', 1000))
    expect(book.clients().map(({ remoteAddress, verdict }) => [remoteAddress, verdict])).toEqual([
      ['127.0.0.1', 'polite'],
    ])
  })

  it('remembers a bounded number, those who were refused last, and counts the others', () => {
    const book = new Politeness(3)
    for (const key of ['one', 'two', 'three']) book.note(call(key, 0, 1000))
    book.note(call('one', 200, 800))
    book.note(call('four', 300, 1000))
    expect(book.clients().map(({ accessKeyId }) => accessKeyId)).toEqual(['one', 'three', 'four'])
    expect(book.forgotten).toBe(1)
    book.reset()
    expect([book.clients(), book.forgotten]).toEqual([[], 0])
  })
})
