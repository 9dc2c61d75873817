// `npm run fuzz:mqtt -- --minutes 60`: tries random sessions and first packets on the guard, the decoder and the parser,
// and some of them on an emulator of this checkout, until the time is over or one goes wrong; what it prints then tries
// that one again.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fuzz, fuzzKinds, type FuzzKind } from '@apsaramq/broker/fuzz'
import { startProgram } from '@apsaramq/testkit'
import { anyPorts } from '../support/any-ports.ts'
import { seed as usualSeed } from '../support/seed.ts'
import { openScene, sceneFlags } from './mqtt-scene.ts'
import { playBatch, type Scene } from './mqtt-sessions.ts'
import { watchedHeap, type Held } from './watched-heap.ts'

const aRound = 2_000
const aBatch = 50
const mebibyte = 1 << 20
// 36 at the start; a full log, timelines, sessions and retained messages that are kept come to 30 in an hour. What is
// resident beside says when V8 collects, and is for what lies outside its heap
const maxUsedBytes = 96 * mebibyte
const maxResidentBytes = 512 * mebibyte

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

interface OnBroker {
  scene: Scene
  stderr(): string
  look(): Promise<Held>
}

const inMebibytes = (bytes: number) => (bytes / mebibyte).toFixed(1)

/** Tries sessions on a running emulator. @returns whether all went well */
async function isRightOnBroker({ scene, stderr, look }: OnBroker, seed: number): Promise<boolean> {
  const { faults, logged } = await playBatch(scene, seed, aBatch)
  const held = await look()
  const memory = `${inMebibytes(held.used)} MiB, ${inMebibytes(held.resident)} MiB resident`
  if (held.used > maxUsedBytes || held.resident > maxResidentBytes) faults.push(`the emulator holds ${memory}`)
  if (/UnhandledPromiseRejection|^\s+at /m.test(stderr())) faults.push(stderr())
  if (faults.length === 0) {
    say(`seed ${seed}: ${aBatch} sessions on a broker of ${memory}: ${JSON.stringify(logged)}`)
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
  const { options, look } = watchedHeap()
  const args = ['start', ...anyPorts, ...sceneFlags, '--log-level', 'error']
  const program = await startProgram({ ...options, args, dataDir })
  try {
    const scene = await openScene(program.endpoints())
    const tried = { scene, look, stderr: () => program.stderr() }
    const tries = [(seed: number) => isRightInBytes(kinds, seed), (seed: number) => isRightOnBroker(tried, seed)]
    return await rounds(tries).finally(() => scene.close())
  } finally {
    await program.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

const { kinds, isOnBroker } = chosen()
const isRight = isOnBroker ? await onBroker(kinds) : await rounds([(seed) => isRightInBytes(kinds, seed)])
if (!isRight) process.exitCode = 1
