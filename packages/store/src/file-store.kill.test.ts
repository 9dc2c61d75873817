import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@apsaramq/model'
import { expect, it } from 'vitest'
import { openFileStore } from './file-store.ts'

/** `APSARAMQ_KILL_ROUNDS=100 npx vitest run file-store.kill` kills a hundred times. */
const rounds = Number(process.env['APSARAMQ_KILL_ROUNDS'] ?? 5)
const devices = 120
const program = fileURLToPath(new URL('testing/flipper.ts', import.meta.url))

/** Runs the program, kills it when it has answered so many flips, and returns the last answered one of each device. */
async function flipUntilKilled(directory: string, flips: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, directory, String(devices), '12'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const answered = new Map<string, number>()
  let count = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /^(\w+) (\d+)$/.exec(line)
    if (match) answered.set(match[1]!, Number(match[2])) // the last line may be cut off
    if ((count += 1) === flips) child.kill('SIGKILL')
  }
  expect(await exited).toEqual([null, 'SIGKILL'])
  return answered
}

it(
  'G7: has every answered flip of every device after kill -9 at any moment',
  { timeout: 20_000 * rounds },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'apsaramq-kill-'))
    const known = new Map<string, number>()
    let checked = 0
    for (let round = 0; round < rounds; round += 1) {
      const answered = await flipUntilKilled(directory, 50 + ((round * 379) % 1000))
      for (const [sn, number] of answered) known.set(sn, number)
      const store = await openFileStore({ directory, clock: systemClock })
      for (let at = 1; at <= devices; at += 1) {
        const sn = at.toString(16)
        const device = await store.read.deviceCertificates.get(`ca-1/${sn}`)
        const found = device?.registeredAt ?? 0
        const last = known.get(sn) ?? 0
        expect({ round, sn, found }).toEqual({
          round,
          sn,
          found: expect.toSatisfy((n) => n === last || n === last + 1),
        })
        if (device) expect(device.status).toBe(found % 2 ? 'inactive' : 'active')
        known.set(sn, found)
        checked += 1
      }
      await store.close()
    }
    expect(checked).toBe(rounds * devices)
    await rm(directory, { recursive: true })
  },
)
