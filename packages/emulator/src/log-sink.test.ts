import { manualClock, type LogEntry } from '@apsaramq/model'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { logTo } from './log-sink.ts'

function sinkAt(level: string) {
  const lines: { level: string; seq?: number; calls?: number; msg: string }[] = []
  const formatters = { level: (label: string) => ({ level: label }) }
  const logger = pino({ level, base: null, formatters }, { write: (line) => void lines.push(JSON.parse(line)) })
  const clock = manualClock()
  return { lines, clock, write: logTo(logger, clock) }
}

const entry = (seq: number, more: Partial<LogEntry>): LogEntry => ({
  seq,
  at: 0,
  plane: 'api',
  kind: 'call',
  message: `entry ${seq}`,
  ...more,
})
const throttled = (seq: number) => entry(seq, { cause: 'throttled' })

test('of the calls above the limit one a second is a line, and then how many more there were', () => {
  const { lines, clock, write } = sinkAt('info')
  for (const seq of [1, 2, 3]) write(throttled(seq))
  write(entry(4, { cause: 'device-not-found' }))
  clock.advance(1_000)
  write(throttled(5))
  clock.advance(1_000)
  expect(lines.map(({ level, seq, calls, msg }) => [level, seq ?? calls, msg])).toEqual([
    ['warn', 1, 'entry 1'],
    ['warn', 4, 'entry 4'],
    ['warn', 2, '2 more calls were refused by the limit within 1000 ms'],
    ['warn', 5, 'entry 5'],
  ])
})

test('at debug each call is a line, also each that was above the limit', () => {
  const { lines, write } = sinkAt('debug')
  for (const seq of [1, 2]) write(throttled(seq))
  write(entry(3, {}))
  expect(lines.map(({ level, seq }) => [level, seq])).toEqual([
    ['warn', 1],
    ['warn', 2],
    ['debug', 3],
  ])
})

test('what is below the level is no line', () => {
  const { lines, write } = sinkAt('error')
  write(entry(1, { cause: 'device-not-found' }))
  write(throttled(2))
  write(entry(3, { cause: 'internal-error' }))
  expect(lines.map(({ level, seq }) => [level, seq])).toEqual([['error', 3]])
})
