import { describe, expect, it } from 'vitest'
import { ToldWaits } from './told-waits.ts'

/** A call that arrives at `arrivedAt`, is answered 1 ms later, and is told a wait where one is given. */
const call = (arrivedAt: number, toldMs?: number) => ({ arrivedAt, answeredAt: arrivedAt + 1, toldMs })

function after(...calls: ReturnType<typeof call>[]) {
  const waits = new ToldWaits()
  for (const one of calls) waits.note(one)
  return waits.figures()
}

const nothing = { refusals: 0, kept: 0, broken: 0, onTheirWay: 0, isWaiting: false, median: null, worst: null }

describe('D11: whether a client waited as told', () => {
  it('says nothing of a client that was never refused', () => {
    expect(after(call(0), call(1), call(2))).toEqual(nothing)
  })

  it('is not known before it comes back', () => {
    expect(after(call(0, 900))).toEqual({ ...nothing, refusals: 1, isWaiting: true })
  })

  it.each([
    ['to the millisecond', 901],
    ['5 ms early, as the timers of clients may be', 896],
    ['much later', 5000],
  ])('it did when it comes back %s', (_, arrivedAt) => {
    const wait = { toldMs: 900, waitedMs: arrivedAt - 1 }
    expect(after(call(0, 900), call(arrivedAt))).toEqual({
      ...nothing,
      refusals: 1,
      kept: 1,
      median: wait,
      worst: wait,
    })
  })

  it('it did not when it comes back more than 5 ms early', () => {
    const wait = { toldMs: 900, waitedMs: 894 }
    expect(after(call(0, 900), call(895))).toEqual({ ...nothing, refusals: 1, broken: 1, median: wait, worst: wait })
  })

  it('a call that arrived before the refusal was answered, or within 100 ms after, was on its way', () => {
    const figures = after(
      { arrivedAt: 0, answeredAt: 200, toldMs: 900 },
      call(100, 900),
      call(201, 899),
      call(300, 800),
      call(1100),
    )
    expect(figures).toMatchObject({ refusals: 4, onTheirWay: 3, broken: 0, kept: 1, isWaiting: false })
  })

  it('calls that were refused together have to come back no earlier than the first was told', () => {
    const figures = after(call(0, 900), call(10, 1500), call(901))
    expect(figures).toMatchObject({ refusals: 2, onTheirWay: 1, kept: 1, broken: 0 })
    expect(figures.median).toEqual({ toldMs: 890, waitedMs: 890 })
  })

  it('a client in a loop breaks each wait from 100 ms after the first refusal on', () => {
    const loop = Array.from({ length: 90 }, (_, at) => call(at * 10, 1000 - at * 10))
    expect(after(...loop, call(1001))).toEqual({
      refusals: 90,
      kept: 1,
      broken: 79, // at 110, 120 … 890
      onTheirWay: 10, // at 10, 20 … 100
      isWaiting: false,
      median: { toldMs: 510, waitedMs: 9 },
      worst: { toldMs: 900, waitedMs: 9 },
    })
  })

  it('a client that comes too early and is admitted, since the limit was raised, has broken its wait', () => {
    expect(after(call(0, 900), call(500), call(501))).toMatchObject({ broken: 1, isWaiting: false })
  })

  it('a wait that was kept and is followed by another refusal begins anew', () => {
    expect(after(call(0, 900), call(901, 900), call(950, 851), call(1801))).toMatchObject({
      refusals: 3,
      kept: 2,
      broken: 0,
      onTheirWay: 1,
    })
  })

  it('medians are of the last 100 waits, the worst is of all', () => {
    const early = [call(0, 900), call(500)]
    const kept = Array.from({ length: 200 }, (_, at) => [call(1000 + at * 1000, 100), call(1200 + at * 1000)]).flat()
    expect(after(...early, ...kept)).toMatchObject({
      kept: 200,
      broken: 1,
      median: { toldMs: 100, waitedMs: 199 },
      worst: { toldMs: 900, waitedMs: 499 },
    })
  })
})
