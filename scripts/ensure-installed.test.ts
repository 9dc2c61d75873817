import { spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeVersionProblem } from './install/node-version.mjs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const lockfile = "lockfileVersion: '9.0'\n"

/** Stands for pnpm: notes how it was called, and links what the checkout asks for. */
const fakePnpm = `#!${process.execPath}
const fs = require('node:fs')
if (process.argv[2] === '--version') { console.log(process.env.FAKE_VERSION ?? '12.21.0'); process.exit(0) }
fs.appendFileSync('calls.ndjson', JSON.stringify({ args: process.argv.slice(2), env: process.env }) + '\\n')
if (process.env.FAKE_HANGS) return setInterval(() => console.log('linking'), 10) // until nobody reads it
if (process.env.FAKE_OUTPUT) { console.log(process.env.FAKE_OUTPUT); process.exit(1) }
fs.mkdirSync('node_modules/.pnpm', { recursive: true })
fs.mkdirSync('packages/model/node_modules/lowdb', { recursive: true })
fs.mkdirSync('node_modules/tsx', { recursive: true })
fs.copyFileSync('pnpm-lock.yaml', 'node_modules/.pnpm/lock.yaml')
console.log('linked')
`

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'apsaramq-checkout-'))
  mkdirSync(join(root, 'packages/model'), { recursive: true })
  mkdirSync(join(root, 'bin'))
  writeFileSync(join(root, 'pnpm-lock.yaml'), lockfile)
  writeFileSync(join(root, 'pnpm-workspace.yaml'), 'packages:\n  - packages/*\n')
  writeManifest('.', { devDependencies: { tsx: '4' } })
  writeManifest('packages/model', { dependencies: { lowdb: '7' } })
  writeProgram('pnpm', fakePnpm)
  const here = import.meta.dirname
  cpSync(join(here, 'ensure-installed.mjs'), join(root, 'scripts/ensure-installed.mjs'))
  cpSync(join(here, 'install'), join(root, 'scripts/install'), { recursive: true })
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

function writeManifest(folder: string, manifest: object) {
  writeFileSync(join(root, folder, 'package.json'), JSON.stringify(manifest))
}

function writeProgram(name: string, text: string) {
  writeFileSync(join(root, 'bin', name), text)
  chmodSync(join(root, 'bin', name), 0o755)
}

/** Starts the script as `npm start` would, with nothing but the fake programs on the PATH. */
function start(env: NodeJS.ProcessEnv) {
  const script = join(root, 'scripts/ensure-installed.mjs')
  return spawn(process.execPath, [script], { env: { PATH: join(root, 'bin'), TMPDIR: root, ...env } })
}

function ensureInstalled(
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = start(env)
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

function calls(): { args: string[]; env: NodeJS.ProcessEnv }[] {
  const file = join(root, 'calls.ndjson')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  return lines.map((line) => JSON.parse(line) as { args: string[]; env: NodeJS.ProcessEnv })
}

const installing = 'Installing what pnpm-lock.yaml lists, with pnpm; later starts skip this.\n'
const waiting = 'Waiting for another process that installs the dependencies.\n'
const silence = { code: 0, stdout: '', stderr: '' }

describe('a checkout that is not installed', () => {
  test('is installed from the lockfile by the pnpm on the PATH, which speaks on stderr', async () => {
    expect(await ensureInstalled()).toEqual({ code: 0, stdout: '', stderr: `${installing}linked\n` })
    const args = ['install', '--frozen-lockfile', '--prod=false', '--config.confirm-modules-purge=false']
    expect(calls().map((call) => call.args)).toEqual([args])
  })

  test('is installed through npx where the pnpm on the PATH is of another major version', async () => {
    writeProgram('npx', fakePnpm)
    const { code, stderr } = await ensureInstalled({ FAKE_VERSION: '9.15.0' })
    expect([code, stderr]).toEqual([0, `${installing.replace('with pnpm', 'with npx')}linked\n`])
    expect(calls()[0]?.args.join(' ')).toContain('pnpm@12 install --frozen-lockfile --prod=false')
  })

  test('keeps the settings of npm away from pnpm, but for the way to the registry', async () => {
    const registry = { npm_config_registry: 'https://registry.test/', npm_config_cafile: '/ca.pem' }
    const ofNpm = { NODE_ENV: 'production', npm_config_omit: 'dev', npm_config_prefix: '/x', npm_command: 'start' }
    await ensureInstalled({ ...registry, ...ofNpm, APSARAMQ_DATA: 'kept' })
    expect(calls()[0]?.env).toMatchObject({ ...registry, APSARAMQ_DATA: 'kept' })
    expect(Object.keys(calls()[0]?.env ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/omit|prefix|command|NODE_ENV/)]),
    )
  })

  test('is installed once by two commands that start together', async () => {
    const [first, second] = await Promise.all([ensureInstalled(), ensureInstalled()])
    expect([first.code, second.code, calls().length]).toEqual([0, 0, 1])
  })

  test('is installed although a process that was installing was killed', async () => {
    const killed = start({ FAKE_HANGS: '1' })
    await new Promise((resolve) => killed.stderr.once('data', resolve))
    killed.kill('SIGKILL')
    const { code, stderr } = await ensureInstalled()
    expect(code).toBe(0)
    expect(stderr).toBe(`${waiting}${installing}linked\n`)
  })
})

describe('a checkout that is installed', () => {
  beforeEach(async () => void (await ensureInstalled()))

  test('touches neither pnpm nor the network', async () => {
    rmSync(join(root, 'bin'), { recursive: true })
    expect(await ensureInstalled()).toEqual(silence)
  })

  test('is not installed again for a new script or a new version of a package of ours', async () => {
    writeManifest('packages/model', { version: '2.0.0', scripts: { x: 'y' }, dependencies: { lowdb: '7' } })
    await ensureInstalled()
    expect(calls()).toHaveLength(1)
  })

  test('is not installed again where pnpm was run by hand', async () => {
    writeManifest('packages/model', { dependencies: { lowdb: '8' } })
    const state = { lastValidatedTimestamp: Date.now() + 1000 }
    writeFileSync(join(root, 'node_modules/.pnpm-workspace-state-v1.json'), JSON.stringify(state))
    await ensureInstalled()
    expect(calls()).toHaveLength(1)
  })

  test.each<[string, () => void]>([
    ['the lockfile changed', () => writeFileSync(join(root, 'pnpm-lock.yaml'), `${lockfile}# newer\n`)],
    ['a dependency was added', () => writeManifest('packages/model', { dependencies: { lowdb: '7', tsx: '4' } })],
    [
      'a version of the catalog changed',
      () => writeFileSync(join(root, 'pnpm-workspace.yaml'), 'packages:\n  - packages/*\ncatalog:\n  tsx: 5\n'),
    ],
    ['the development tools were left out', () => rmSync(join(root, 'node_modules/tsx'), { recursive: true })],
    ['the tree was deleted', () => rmSync(join(root, 'node_modules'), { recursive: true })],
  ])('is installed again when %s', async (_what, change) => {
    change()
    await ensureInstalled()
    expect(calls()).toHaveLength(2)
  })
})

describe('an installation that fails', () => {
  test.each([
    [
      'ERR_PNPM_OUTDATED_LOCKFILE  Cannot install',
      'a package.json and pnpm-lock.yaml disagree. Run "npx pnpm@12 install" and commit pnpm-lock.yaml.',
    ],
    [
      'GET https://x: ENOTFOUND',
      'the package registry could not be reached. Go online once; later starts need no network.',
    ],
    ['disk on fire', 'pnpm ended with 1, and what it said stands above.'],
  ])('on %s ends with one sentence and exit code 1', async (output, sentence) => {
    const problem = `The dependencies could not be installed: ${sentence}\n`
    expect(await ensureInstalled({ FAKE_OUTPUT: output })).toEqual({
      code: 1,
      stdout: '',
      stderr: `${installing}${output}\n${problem}`,
    })
  })

  test('without npx says where it comes from', async () => {
    rmSync(join(root, 'bin'), { recursive: true })
    const { code, stderr } = await ensureInstalled()
    expect(code).toBe(1)
    expect(stderr).toContain('npx was not found; it comes with Node.js and must be on the PATH.')
  })

  test('is tried again by the next command', async () => {
    await ensureInstalled({ FAKE_OUTPUT: 'disk on fire' })
    expect((await ensureInstalled()).code).toBe(0)
  })
})

test.each([
  ['20.19.0', undefined],
  ['24.1.0', undefined],
  ['20.18.3', 'This needs Node.js 20.19 or later and runs on 20.18.3: install a newer one from https://nodejs.org.'],
  ['18.20.0', 'This needs Node.js 20.19 or later and runs on 18.20.0: install a newer one from https://nodejs.org.'],
])('Node.js %s is judged', (version, sentence) => {
  expect(nodeVersionProblem(version)).toBe(sentence)
})
