import { expect, onTestFinished, test } from 'vitest'
import { signed } from '../testing/caller.ts'
import { connectionsOf, listeningApp, markerStatus } from '../testing/listening-app.ts'
import { exchange, type RawAnswer } from '../testing/raw-connection.ts'
import { seededNumbers } from '../testing/seeded-numbers.ts'
import { dialects } from '../testing/signed-request.ts'
import { createWorld, instanceId, type World } from '../testing/world.ts'
import { bytesOf, mutated, type Draw } from './fuzz.ts'

/** A whole number of the environment. @throws {Error} where it is none, so that no run passes that tries nothing */
function setting(name: string, initial: number): number {
  const value = Number(process.env[name] ?? initial)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`${name} must be a whole number above 0; it is ${process.env[name]}`)
}

const seed = setting('APSARAMQ_FUZZ_SEED', 20_261_124)
const cases = setting('APSARAMQ_FUZZ_CASES', 1_500)
const marked = 100

/** Statuses above 499 that are documented for what a caller may get wrong. */
const documented500 = new Set([
  'ParameterFieldCheckFailed',
  'MqttInstanceNotFound',
  'FindDeviceBySnError',
  'FindCaBySnError',
])

function original(world: World, draw: Draw): string {
  const dialect = dialects[Math.floor(draw() * dialects.length)]!
  const parameters = { MqttInstanceId: instanceId, CaSn: '0a', DeviceSn: '0b' }
  return bytesOf(signed(world, 'InactivateDeviceCertificate', { dialect, parameters }))
}

/** What is wrong with an answer; undefined where nothing is. */
function faultOf({ status, code, body, headers }: RawAnswer): string | undefined {
  if (status === 200) return undefined // the change was in what nothing signs
  if (code === undefined && body !== '') return `an answer out of the envelope: ${status} ${body.slice(0, 200)}`
  if (code === 'InternalError') return 'an internal error'
  if (status > 499 && !documented500.has(code ?? '')) return `${status} ${code}`
  return headers['x-acs-request-id'] || code === undefined ? undefined : 'no request id'
}

test(
  `${cases} requests that were changed at random are answered in the envelope or cut off, whatever was changed`,
  async () => {
    const world = await createWorld({ limitPerSecond: 1_000_000 })
    const { app, port } = await listeningApp(world)
    const draw = seededNumbers(seed)
    const passing = setInterval(() => world.clock.advance(1_000), 20) // what waits for a client waits by this clock
    onTestFinished(() => clearInterval(passing))
    for (let number = 0; number < cases; number += 1) {
      const bytes = mutated(original(world, draw), draw)
      const where = `seed ${seed}, case ${number}: ${JSON.stringify(bytes.slice(0, 2_000))}`
      const answers = await exchange(port, bytes).catch((error: unknown) => expect.fail(`${where}: ${String(error)}`))
      for (const answer of answers) expect([where, faultOf(answer)]).toEqual([where, undefined])
      if (number % marked === 0) expect([where, await markerStatus(world, port)]).toEqual([where, 200])
      world.log.length = 0
    }
    expect(await markerStatus(world, port)).toBe(200)
    await app.close()
    expect(await connectionsOf(app)).toBe(0)
  },
  60_000 + cases * 50,
)
