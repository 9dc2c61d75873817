// `npm run interleavings -- --count 10000 --seed 7`: stops at the first interleaving that breaks a rule, and tells it.
import { parseArgs } from 'node:util'
import { systemClock } from '@apsaramq/model'
import { runInterleavings } from './interleavings.ts'
import { reach, usualSeed } from './reach.ts'
import { tell } from './telling.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(usualSeed) },
    path: { type: 'string' },
  },
})

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function positive(name: 'count' | 'seed'): number {
  const number = Number(values[name])
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`--${name} takes a positive integer, not ${values[name]}`)
}

const [count, seed] = [positive('count'), positive('seed')]
const began = systemClock.monotonic()
const rate = (done: number) =>
  `${done} interleavings, ${((done * 1000) / (systemClock.monotonic() - began)).toFixed(1)}/s`
const onProgress = (done: number) => {
  if (done % 500 === 0) say(rate(done))
}
say(`seed ${seed}`)
const failure = await runInterleavings({ count, seed, path: values.path, reach, onProgress })
if (failure) {
  say(tell(failure, seed))
  process.exitCode = 1
} else {
  say(`seed ${seed}: ${rate(count)}, no rule broken`)
}
