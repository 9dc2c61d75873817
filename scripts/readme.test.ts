import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { startProgram } from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'

const root = dirname(import.meta.dirname)
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The fenced blocks of a language, as they stand. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter((block) => block[1] === language)
    .map((block) => block[2]!)
}

/** Commands that continuous integration itself runs, one a line of `.ci/run`. */
const ofIntegration = ['npm test', 'npm run demo']
/** Started by the test below, as what the other commands talk to. */
const ofThisTest = 'npm start'

const commands = blocks('sh').flatMap((block) => block.trim().split('\n'))
const runHere = commands.filter((command) => command !== ofThisTest && !ofIntegration.includes(command))

/** For a machine without curl: prints what is at the last argument. */
const curlOfNode = `#!${process.execPath}
fetch(process.argv.at(-1)).then((answer) => answer.text()).then((text) => process.stdout.write(text))
`

function writeProgram(folder: string, name: string, text: string) {
  writeFileSync(join(folder, name), text)
  chmodSync(join(folder, name), 0o755)
}

/** A folder where the commands find an emulator as they would in a checkout, with `npm` running the checkout's scripts. */
function userFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'apsaramq-readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(join(root, 'examples'), join(folder, 'examples'))
  writeProgram(folder, 'npm', `#!/bin/sh\nPATH="\${PATH#*:}" exec npm --prefix '${root}' "$@"\n`)
  if (spawnSync('curl', ['--version']).error) writeProgram(folder, 'curl', curlOfNode)
  return folder
}

interface Ran {
  code: number | null
  output: string
}

/** Runs all commands in one shell, which ends at the first that fails. */
function runInShell(lines: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', ['set -euxo pipefail', ...lines].join('\n')], { cwd, env })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

test('the first screen shows what it is, the two commands and what it will never do', () => {
  const firstScreen = readme.split('\n').slice(0, 50).join('\n')
  expect(blocks('sh')[0]).toBe('npm start\nnpm test\n')
  expect(firstScreen).toContain('It will never')
})

test('the example is the program in examples/, whole', () => {
  expect(blocks('js')).toEqual([readFileSync(join(root, 'examples/inactivate.mjs'), 'utf8')])
})

test('what is not run here is run by .ci/run', () => {
  const lines = readFileSync(join(root, '.ci/run'), 'utf8').split('\n')
  const missing = ofIntegration.filter(
    (command) => !lines.some((line) => line === command || line.endsWith(` ${command}`)),
  )
  expect(missing).toEqual([])
})

test('every command works as written, in the order of the page', { timeout: 600_000 }, async () => {
  const folder = userFolder()
  const data = join(folder, '.apsaramq')
  const ports = ['--api-port', '0', '--api-tls-port', '0', '--mqtts-port', '0', '--management-port', '0']
  const program = await startProgram({ args: ['start', ...ports], dataDir: data })
  onTestFinished(async () => void (await program.stop()))

  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(APSARAMQ_|VITEST|NODE_ENV$|NODE_OPTIONS$|npm_)/.test(name),
  )
  const env = { ...Object.fromEntries(kept), PATH: `${folder}:${process.env['PATH']}`, APSARAMQ_DATA: data }
  const { code, output } = await runInShell(runHere, folder, env)

  expect(`${output}exit ${code}`).toMatch(/exit 0$/)
  expect(output).toContain('the live connection was ended\nthe next one was refused\n')
  expect(readdirSync(join(data, 'devices')).filter((name) => /fleet-\d+\.crt\.pem$/.test(name))).toHaveLength(20)
})

test('the documents link to files that exist', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'LIMITS.md']
  const links = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#]+)\)/g)].map(([, to]) => to!),
  )
  const local = links.filter((to) => !to.startsWith('https://'))
  expect(local.filter((to) => !existsSync(join(root, to)))).toEqual([])
})

test('nothing advises turning certificate verification off', () => {
  const pages = readdirSync(root).filter((name) => name.endsWith('.md'))
  const advice = /NODE_TLS_REJECT_UNAUTHORIZED|rejectUnauthorized|--insecure\b|curl[^\n]* -k\b|verify ?= ?False/
  expect(pages.filter((page) => advice.test(readFileSync(join(root, page), 'utf8')))).toEqual([])
})
