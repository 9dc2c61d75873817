import { manualClock, type LogEntryInput } from '@apsaramq/model'
import { expect, it } from 'vitest'
import { createRecorder } from './recorder.ts'

const accepted: LogEntryInput = { plane: 'api', kind: 'call', message: 'answered', status: 200 }
const throttled: LogEntryInput = { plane: 'api', kind: 'call', message: 'refused', cause: 'throttled', status: 400 }
const refused: LogEntryInput = {
  plane: 'mqtt',
  kind: 'refuse',
  message: 'no',
  cause: 'device-inactive',
  clientId: 'GID_a@@@1',
}

it('keeps refusals in place through a flood of accepted and throttled calls', () => {
  const recorder = createRecorder(manualClock(5), () => undefined, 10)
  recorder.write(refused)
  for (let at = 0; at < 100; at += 1) recorder.write(at % 2 ? accepted : throttled)
  const entries = recorder.entries()
  expect(entries[0]).toEqual({ seq: 1, at: 5, ...refused })
  expect(entries.slice(1).map((entry) => entry.seq)).toEqual([92, 93, 94, 95, 96, 97, 98, 99, 100, 101])
})

it('filters by client and by what came after, and hands every entry to the sink', () => {
  const seen: number[] = []
  const recorder = createRecorder(manualClock(), (entry) => seen.push(entry.seq))
  for (const entry of [accepted, refused, accepted, refused]) recorder.write(entry)
  expect(recorder.entries({ clientId: 'GID_a@@@1', after: 2 }).map((entry) => entry.seq)).toEqual([4])
  expect(recorder.entries({ limit: 2 }).map((entry) => entry.seq)).toEqual([3, 4])
  expect(seen).toEqual([1, 2, 3, 4])
})

it('forgets its entries at a reset and goes on counting', () => {
  const recorder = createRecorder(manualClock(), () => undefined)
  recorder.write(refused)
  recorder.reset()
  recorder.write(accepted)
  expect(recorder.entries().map((entry) => entry.seq)).toEqual([2])
})

it('finds a certificate by any spelling of its serial number', () => {
  const recorder = createRecorder(manualClock(), () => undefined)
  recorder.write({ ...refused, deviceSn: '0c', caSn: '00ff' })
  expect([recorder.entries({ sn: '000C' }).length, recorder.entries({ sn: 'FF' }).length]).toEqual([1, 1])
  expect(recorder.entries({ sn: 'c0' })).toEqual([])
})
