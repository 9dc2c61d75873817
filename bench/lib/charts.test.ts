import { expect, test } from 'vitest'
import { percentileChart, timelineChart } from './charts.ts'
import { latenciesOf } from './statistics.ts'

test('a timeline counts calls in tenths of a second, and what each second before held', () => {
  const moments = [0, 50, 150, 1_020, 1_049, 1_050].map((at) => ({
    at: 7_000 + at,
    admitted: at !== 150 && at !== 1_049,
  }))
  const { binMs, accepted, refused, inWindow } = timelineChart('calls', moments, 2)
  expect({ binMs, accepted, refused, inWindow }).toEqual({
    binMs: 100,
    accepted: [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
    refused: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    inWindow: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2],
  })
})

test('a long timeline has wider bins, none has none', () => {
  const minute = Array.from({ length: 601 }, (_, at) => ({ at: at * 100, admitted: true }))
  expect(timelineChart('a minute', minute, 500)).toMatchObject({ binMs: 200, inWindow: { length: 301 } })
  expect(timelineChart('nothing', [], 500)).toMatchObject({ accepted: [0], refused: [0], inWindow: [0] })
})

test('a curve shows no share that so few calls do not have; of several rounds it is the middle', () => {
  const few = [1, 2, 3].map((by) => latenciesOf(Array.from({ length: 10 }, (_, at) => at * by)))
  const [line, ...none] = percentileChart('latency', [
    ['three rounds', few],
    ['nothing measured', [latenciesOf([])]],
  ]).lines
  expect(none).toEqual([])
  expect(line!.points).toEqual([
    [0, 0],
    [0.1, 0],
    [0.25, 4],
    [0.5, 8],
    [0.75, 14],
    [0.9, 16],
    [1, 18],
  ])
})
