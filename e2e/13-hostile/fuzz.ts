// `npm run fuzz -- --minutes 60`: sends spoilt requests to an emulator of this checkout until the time is over or one is
// answered wrongly. That one is written to a file; `npm run fuzz -- --again FILE` sends it again.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startProgram, type Endpoints } from '@apsaramq/testkit'
import { anyPorts } from '../support/any-ports.ts'
import { fuzz, isServing, type Failure } from '../support/fuzz/fuzz.ts'
import { faultsOf } from '../support/fuzz/verdict.ts'
import { seed as usualSeed } from '../support/seed.ts'

const requestsARound = 1_000
const folder = fileURLToPath(new URL('../../coverage/fuzz/', import.meta.url))

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(usualSeed) },
    again: { type: 'string' },
  },
})

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function keep(failure: Failure): Promise<string> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${failure.seed}.json`)
  await writeFile(file, `${JSON.stringify(failure, undefined, 2)}\n`)
  return file
}

async function again(file: string, endpoints: Endpoints): Promise<boolean> {
  const { recipe } = JSON.parse(await readFile(file, 'utf8')) as Failure // this command wrote it
  const faults = await faultsOf(recipe, endpoints)
  say(faults.length > 0 ? `still wrong: ${faults.join('; ')}` : 'nothing is wrong')
  return faults.length === 0
}

async function rounds(endpoints: Endpoints): Promise<boolean> {
  const end = Date.now() + Number(values.minutes) * 60_000
  let sent = 0
  for (let seed = Number(values.seed); Date.now() < end; seed += 1) {
    const failure = await fuzz(endpoints, seed, requestsARound)
    if (failure) {
      say(`seed ${seed}: ${failure.says}\nagain: npm run fuzz -- --again ${await keep(failure)}`)
      return false
    }
    if (!(await isServing(endpoints))) throw new Error(`seed ${seed}: a call that is right is not answered any more`)
    sent += requestsARound
    say(`seed ${seed}: ${sent} requests`)
  }
  return true
}

const dataDir = await mkdtemp(join(tmpdir(), 'apsaramq-fuzz-'))
const program = await startProgram({
  args: ['start', ...anyPorts, '--limit', '1000000', '--log-level', 'error'],
  dataDir,
})
try {
  const isRight = values.again ? await again(values.again, program.endpoints()) : await rounds(program.endpoints())
  if (!isRight) process.exitCode = 1
} finally {
  await program.stop()
  await rm(dataDir, { recursive: true, force: true })
}
