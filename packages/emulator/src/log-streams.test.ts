import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { manualClock, type LogEntry, type LogEntryInput } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { LogStreams } from './log-streams.ts'
import { createRecorder, matches, type LogFilter } from './recorder.ts'

const gaps = (block: string) => /^event: gap\ndata: (.*)$/m.exec(block)?.[1]

/** A reader that takes what it is sent only when it reads. */
class Reader extends EventEmitter {
  writableEnded = false
  destroyed = false
  text = ''
  #unread = ''

  get writableLength(): number {
    return this.#unread.length
  }

  write(text: string): void {
    this.#unread += text
  }

  end(): void {
    this.writableEnded = true
    this.emit('close')
  }

  /** Reads all there is; what it makes room for is read too. */
  read(): string {
    const begins = this.text.length
    while (this.#unread !== '') {
      this.text += this.#unread
      this.#unread = ''
      this.emit('drain')
    }
    return this.text.slice(begins)
  }

  /** The events so far: ids, and what a gap says. */
  events(): string[] {
    this.read()
    return this.text.split('\n\n').flatMap((block) => /^id: (\d+)$/m.exec(block)?.[1] ?? gaps(block) ?? [])
  }
}

const refusal = (clientId: string): LogEntryInput => ({
  plane: 'mqtt',
  kind: 'refuse',
  message: 'no',
  cause: 'device-inactive',
  clientId,
})

function stage(capacity = 100, limits: ConstructorParameters<typeof LogStreams>[2] = {}) {
  const clock = manualClock()
  const recorder = createRecorder(clock, () => undefined, capacity)
  const streams = new LogStreams(recorder, clock, limits)
  const write = (times: number, clientId = 'a') => {
    for (let at = 0; at < times; at += 1) recorder.write(refusal(clientId))
  }
  const open = ({ after, ...filter }: LogFilter = {}) => {
    const reader = new Reader()
    const view = (entry: LogEntry) => (matches(entry, filter) ? [entry] : [])
    streams.open(reader as unknown as ServerResponse, { after, view })
    return reader
  }
  return { clock, recorder, streams, write, open }
}

test('F1: a stream begins now, or behind the entry its reader has seen last', () => {
  const { write, open } = stage()
  write(3)
  const [now, resumed] = [open(), open({ after: 1 })]
  write(1)
  expect(now.events()).toEqual(['4'])
  expect(resumed.events()).toEqual(['2', '3', '4'])
})

test('F1: a stream has what its filter asks for, and nothing else', () => {
  const { write, open } = stage()
  const reader = open({ clientId: 'b' })
  write(2, 'a')
  write(1, 'b')
  expect(reader.events()).toEqual(['3'])
})

test('F1: a reader that reads late is sent all of it from the log, and holds up no memory meanwhile', () => {
  const { write, open } = stage(100, { maxUnreadBytes: 1_000, batch: 4 })
  const reader = open()
  write(50)
  expect(reader.writableLength).toBeLessThan(2_000)
  expect(reader.events()).toEqual(Array.from({ length: 50 }, (_, at) => String(at + 1)))
})

test('F1: what has left the log meanwhile is told as a gap, once', () => {
  const { write, open } = stage(10, { maxUnreadBytes: 1, batch: 4 })
  const reader = open()
  write(100)
  const [gap, ...rest] = reader.events()
  expect(JSON.parse(gap!)).toEqual({ after: 0, upTo: 90, message: 'entries between have left the log' })
  expect(rest).toEqual(Array.from({ length: 10 }, (_, at) => String(at + 91)))
})

test('F1: a reader of an earlier run is told that the log has begun anew', () => {
  const { write, open } = stage()
  write(2)
  const [gap, ...rest] = open({ after: 500 }).events()
  expect(JSON.parse(gap!)).toMatchObject({ message: 'the log has begun anew since' })
  expect(rest).toEqual(['1', '2'])
})

test('F1: an idle stream beats, one that was closed is forgotten, and the end ends all', () => {
  const { clock, streams, open } = stage()
  const [one, other] = [open(), open()]
  one.read()
  clock.advance(15_000)
  expect(one.read()).toBe(': still there\n\n')
  one.end()
  expect(streams.count).toBe(1)
  streams.end()
  expect([other.writableEnded, streams.count]).toEqual([true, 0])
})
