import { manualClock, type LogEntry, type ThrottleFacts } from '@apsaramq/model'
import { describe, expect, it } from 'vitest'
import { LimitEvents, type LimitEvent } from './limit-events.ts'

const facts: ThrottleFacts = { rule: 'calls', admitted: false, limit: 2, used: 2, retryAfterMs: 900 }

function entry(throttle: Partial<ThrottleFacts> | undefined, more: Partial<LogEntry> = {}): LogEntry {
  const who = { accountId: '1', accessKeyId: 'key', remoteAddress: '127.0.0.1', action: 'GetRegisterCode' }
  const call = { seq: 1, at: 0, plane: 'api', kind: 'call', message: '' } as const
  return { ...call, ...who, ...(throttle && { throttle: { ...facts, ...throttle } }), ...more }
}

function stage(bounds: ConstructorParameters<typeof LimitEvents>[1] = {}) {
  const clock = manualClock(1000)
  const events = new LimitEvents(clock, bounds)
  const told: LimitEvent[] = []
  const unsubscribe = events.subscribe((event) => told.push(event))
  return { clock, events, told, unsubscribe }
}

const client = { accountId: '1', accessKeyId: 'key', remoteAddress: '127.0.0.1', action: 'GetRegisterCode' }

describe('D6: the events of the limits', () => {
  it('tell a flood of refusals once a second for each client, operation and rule', () => {
    const { clock, events, told } = stage()
    for (let call = 0; call < 5000; call += 1) events.note(entry({ retryAfterMs: 1000 - (call % 1000) }))
    events.note(entry({}, { accessKeyId: 'of-reader', userName: 'reader' }))
    clock.advance(999)
    expect(told).toEqual([])
    clock.advance(1)
    const common = { type: 'refused', at: 2000, rule: 'calls', ...client, limit: 2 }
    expect(told).toEqual([
      { ...common, seq: 1, userName: null, calls: 5000, retryAfterMs: 1 },
      { ...common, seq: 2, accessKeyId: 'of-reader', userName: 'reader', calls: 1, retryAfterMs: 900 },
    ])
  })

  it('begin anew each second, and are none while nobody is refused', () => {
    const { clock, events, told } = stage()
    events.note(entry({}))
    clock.advance(60_000)
    events.note(entry({ admitted: true }))
    events.note(entry(undefined))
    clock.advance(60_000)
    events.note(entry({}))
    clock.advance(1000)
    expect(told.map(({ seq, at, type }) => [seq, at, type])).toEqual([
      [1, 2000, 'refused'],
      [2, 122_000, 'refused'],
    ])
  })

  it('tell calls that a rule only warned of apart, also where another rule refused them', () => {
    const { clock, events, told } = stage()
    events.note(entry({ admitted: true, warnedBy: ['source-ip'] }))
    events.note(entry({ warnedBy: ['source-ip'] }))
    clock.advance(1000)
    const common = { at: 2000, ...client, userName: null }
    expect(told).toEqual([
      { ...common, seq: 1, type: 'refused', rule: 'calls', calls: 1, limit: 2, retryAfterMs: 900 },
      { ...common, seq: 2, type: 'warned', rule: 'source-ip', calls: 2, limit: null, retryAfterMs: null },
    ])
  })

  it('tell a bounded number of clients a second, and count the calls of the others', () => {
    const { clock, events, told } = stage({ maxRows: 2 })
    for (const remoteAddress of ['a', 'b', 'c', 'd', 'a']) events.note(entry({}, { remoteAddress }))
    clock.advance(1000)
    expect(told.map((event) => [event.type, 'calls' in event && event.calls])).toEqual([
      ['refused', 2],
      ['refused', 1],
      ['refused-others', 2],
    ])
  })

  it('tell a change at once, behind the refusals before it', () => {
    const { clock, events, told } = stage()
    events.note(entry({}))
    events.tellChange({ message: 'raised', limit: 9, action: 'GetRegisterCode' })
    expect(told.map(({ type }) => type)).toEqual(['refused', 'changed'])
    expect(told[1]).toEqual({
      seq: 2,
      at: 1000,
      type: 'changed',
      message: 'raised',
      limit: 9,
      action: 'GetRegisterCode',
    })
    clock.advance(10_000)
    expect(told.length).toBe(2)
  })

  it('are kept for who comes back, and what is not kept any more is known', () => {
    const { events, told, unsubscribe } = stage({ capacity: 3 })
    unsubscribe()
    for (let change = 1; change <= 10; change += 1) events.tellChange({ message: `${change}` })
    expect(events.following(0, 100).map(({ seq }) => seq)).toEqual([8, 9, 10])
    expect(events.following(8, 1).map(({ seq }) => seq)).toEqual([9])
    expect([events.lastSeq(), events.lostUpTo(), told.length]).toEqual([10, 7, 0])
  })
})
