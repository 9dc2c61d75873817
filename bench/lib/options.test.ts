import { expect, test } from 'vitest'
import { benchHelp, BenchUsageError, readOptions } from './options.ts'

const known = ['throttle', 'api']

test('a scenario without options runs with the defaults, all stands for each of them once', () => {
  expect(readOptions(['throttle'], known)).toEqual({
    scenarios: ['throttle'],
    seconds: 2,
    steady: 60,
    rounds: 3,
    devices: 100_000,
    sessions: 1_000,
    connections: 32,
    connects: 20_000,
    calls: 50_000,
    seed: 1,
    out: undefined,
    compare: undefined,
    results: false,
    smoke: false,
  })
  expect(readOptions(['api', 'all', 'api'], known).scenarios).toEqual(known)
  expect(readOptions(['api', 'api', '--seconds', '0.5'], known)).toMatchObject({ scenarios: ['api'], seconds: 0.5 })
})

test.each([
  [['throtle'], 'throtle is no scenario: throttle, api, all'],
  [[], 'name a scenario: throttle, api, all; --help tells more'],
  [['api', '--secnds', '3'], "Unknown option '--secnds'"],
  [['api', '--rounds', '0'], '--rounds 0 is no whole number above zero'],
  [['api', '--rounds', '1.5'], '--rounds 1.5 is no whole number above zero'],
  [['api', '--seconds', 'long'], '--seconds long is no number above zero'],
  [['api', '--seconds', ' '], '--seconds   is no number above zero'],
  [['api', '--seconds', 'Infinity'], '--seconds Infinity is no number above zero'],
  [['api', '--smoke', '--results'], '--smoke has no figures that --results could keep'],
  [['api', '--seed=-1'], '--seed -1 is no whole number above zero'],
])('%j is refused in a sentence', (args, sentence) => {
  expect(() => readOptions(args, known)).toThrow(new BenchUsageError(sentence))
})

test('D8: the help names every scenario and every option', () => {
  const help = benchHelp({ throttle: 'the limit', api: 'the ceiling' })
  const options = Object.keys(readOptions(['api'], known)).filter((name) => name !== 'scenarios')
  for (const name of options) expect(help).toContain(`  --${name}`)
  for (const name of known) expect(help).toMatch(new RegExp(`^ {2}${name} .*the `, 'm'))
})
