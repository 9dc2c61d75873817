// `npm run fuzz:mqtt -- --minutes 60`: tries random sessions and first packets on the guard, the decoder and the parser,
// and some of them on an emulator of this checkout, until the time is over or one goes wrong; what it prints then tries
// that one again.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fuzz, fuzzKinds, type FuzzKind } from '@apsaramq/broker/fuzz'
import { startProgram, type Program } from '@apsaramq/testkit'
import { anyPorts } from '../support/any-ports.ts'
import { seed as usualSeed } from '../support/seed.ts'
import { openScene, sceneFlags } from './mqtt-scene.ts'
import { playBatch, residentBytes, type Scene } from './mqtt-sessions.ts'

const aRound = 2_000
const aBatch = 50
const maxResidentBytes = 1 << 29

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(usualSeed) },
    kind: { type: 'string' },
    path: { type: 'string' },
  },
})

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** `bytes` for the bytes alone, `broker` for a running emulator alone, one of the kinds of bytes, or all. */
function chosen(): { kinds: readonly FuzzKind[]; isOnBroker: boolean } {
  const { kind } = values
  if (kind === undefined) return { kinds: fuzzKinds, isOnBroker: true }
  if (kind === 'broker') return { kinds: [], isOnBroker: true }
  if (kind === 'bytes') return { kinds: fuzzKinds, isOnBroker: false }
  const found = fuzzKinds.find((one) => one === kind)
  if (!found) throw new Error(`--kind is one of ${fuzzKinds.join(', ')}, bytes, broker`)
  return { kinds: [found], isOnBroker: false }
}

/** Tries bytes without a broker. @returns whether all went well */
function isRightInBytes(kinds: readonly FuzzKind[], seed: number): boolean {
  for (const kind of kinds) {
    const failure = fuzz(kind, seed, aRound, values.path)
    if (!failure) continue
    const { path, ...rest } = failure
    say(
      `${JSON.stringify(rest, undefined, 2)}\nagain: npm run fuzz:mqtt -- --kind ${kind} --seed ${seed} --path ${path}`,
    )
    return false
  }
  return true
}

/** Tries sessions on a running emulator. @returns whether all went well */
async function isRightOnBroker(scene: Scene, program: Program, seed: number): Promise<boolean> {
  const { faults, logged } = await playBatch(scene, seed, aBatch)
  const resident = (await residentBytes(program.pid)) ?? 0
  if (resident > maxResidentBytes) faults.push(`the emulator holds ${resident} bytes`)
  if (/UnhandledPromiseRejection|^\s+at /m.test(program.stderr())) faults.push(program.stderr())
  if (faults.length === 0) {
    say(`seed ${seed}: ${aBatch} sessions on a broker of ${resident >> 20} MiB: ${JSON.stringify(logged)}`)
    return true
  }
  say(`${faults.join('\n')}\nagain: npm run fuzz:mqtt -- --kind broker --minutes 0 --seed ${seed}`)
  return false
}

/** Goes on until the time is over or something is wrong. @returns whether all went well */
async function rounds(tries: readonly ((seed: number) => boolean | Promise<boolean>)[]): Promise<boolean> {
  const end = Date.now() + Number(values.minutes) * 60_000
  let seed = Number(values.seed)
  do {
    for (const isRight of tries) if (!(await isRight(seed))) return false
    say(`seed ${seed}: nothing is wrong`)
    seed += 1
  } while (values.path === undefined && Date.now() < end)
  return true
}

async function onBroker(kinds: readonly FuzzKind[]): Promise<boolean> {
  const dataDir = await mkdtemp(join(tmpdir(), 'apsaramq-fuzz-'))
  const program = await startProgram({ args: ['start', ...anyPorts, ...sceneFlags, '--log-level', 'error'], dataDir })
  try {
    const scene = await openScene(program.endpoints())
    const tries = [
      (seed: number) => isRightInBytes(kinds, seed),
      (seed: number) => isRightOnBroker(scene, program, seed),
    ]
    return await rounds(tries).finally(() => scene.close())
  } finally {
    await program.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

const { kinds, isOnBroker } = chosen()
const isRight = isOnBroker ? await onBroker(kinds) : await rounds([(seed) => isRightInBytes(kinds, seed)])
if (!isRight) process.exitCode = 1
