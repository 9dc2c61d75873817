// `npm run fuzz:mqtt -- --minutes 60`: tries random sessions and first packets on the guard, the decoder and the parser
// until the time is over or one goes wrong; what it prints then tries that one again.
import { parseArgs } from 'node:util'
import { systemClock } from '@apsaramq/model'
import { fuzz, fuzzKinds, type Failure, type FuzzKind } from './fuzz.ts'

const aRound = 2_000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    kind: { type: 'string' },
    path: { type: 'string' },
  },
})

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function tell({ kind, seed, path, ...rest }: Failure): void {
  say(`${JSON.stringify(rest, undefined, 2)}\nagain: npm run fuzz:mqtt -- --kind ${kind} --seed ${seed} --path ${path}`)
}

/** The kinds that are asked for. */
function chosenKinds(): readonly FuzzKind[] {
  if (values.kind === undefined) return fuzzKinds
  const found = fuzzKinds.find((kind) => kind === values.kind)
  if (!found) throw new Error(`--kind is one of ${fuzzKinds.join(', ')}`)
  return [found]
}

function round(seed: number): Failure | undefined {
  for (const kind of chosenKinds()) {
    const failure = fuzz(kind, seed, aRound, values.path)
    if (failure) return failure
  }
  return undefined
}

function rounds(): Failure | undefined {
  const end = systemClock.now() + Number(values.minutes) * 60_000
  let seed = Number(values.seed)
  do {
    const failure = round(seed)
    if (failure) return failure
    say(`seed ${seed}: nothing is wrong with ${aRound} of each: ${chosenKinds().join(', ')}`)
    seed += 1
  } while (values.path === undefined && systemClock.now() < end)
  return undefined
}

const failure = rounds()
if (failure) {
  tell(failure)
  process.exitCode = 1
}
