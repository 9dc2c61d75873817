import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { playDemo } from './demo.ts'
import { describeAct } from './print.ts'
import type { Policy } from './stage.ts'

const help = `npm run demo -- [options]
  --endpoints-file FILE        play on the emulator that wrote it; an own one is started otherwise
  --live-sessions drop|keep    the policy of that emulator; drop unless told
  --out FILE                   where the timeline goes; .apsaramq-demo/timeline.json unless told
`
const defaultFile = '.apsaramq-demo/timeline.json'

const say = (text: string) => void process.stdout.write(`${text}\n`)

function policyOf(text: string | undefined): Policy | undefined {
  if (text === undefined || text === 'drop' || text === 'keep') return text
  throw new Error(`--live-sessions ${text} is neither drop nor keep`)
}

function readArguments() {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: { 'endpoints-file': text, 'live-sessions': text, out: text, help: { type: 'boolean' } },
  })
  return { ...values, policy: policyOf(values['live-sessions']) }
}

async function store(report: object, out: string | undefined): Promise<string> {
  const file = resolve(out ?? defaultFile)
  await mkdir(dirname(file), { recursive: true })
  if (out === undefined) await writeFile(join(dirname(file), '.gitignore'), '*\n') // ours alone, so that git shows nothing
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`)
  return file
}

async function main(): Promise<void> {
  const { 'endpoints-file': endpointsFile, policy, out, help: wantsHelp } = readArguments()
  if (wantsHelp) return say(help)
  const report = await playDemo({
    ...(endpointsFile === undefined ? {} : { endpointsFile }),
    ...(policy === undefined ? {} : { policy }),
    onAct: (result) => say(describeAct(result)),
  })
  say(`timeline: ${await store(report, out)}`)
  if (!report.asTold) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
