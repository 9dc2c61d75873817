import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestAPI } from 'vitest'

/** Whether what openssl judges can run; continuous integration must have it. */
const hasOpenssl = process.env['CI'] !== undefined || spawnSync('openssl', ['version']).status === 0

/** Tests that openssl judges; left out by name where there is none. */
export const describeWithOpenssl = hasOpenssl
  ? describe
  : (title: string, body: () => void) => describe.skip(`${title} (left out: needs openssl)`, body)

/** A test that openssl judges; left out where there is none. */
export const testWithOpenssl: TestAPI = hasOpenssl ? test : (test.skip as TestAPI)

/** What a run of openssl left. */
export interface OpensslAnswer {
  code: number
  stdout: string
  stderr: string
}

/**
 * Runs openssl in a folder that holds `files` and is gone afterwards.
 *
 * @param files contents by name
 */
export async function openssl(args: string[], files: Record<string, string | Uint8Array> = {}): Promise<OpensslAnswer> {
  const folder = await mkdtemp(join(tmpdir(), 'pki-'))
  try {
    await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)))
    return await run(args, folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function run(args: string[], cwd: string): Promise<OpensslAnswer> {
  return new Promise((resolve, reject) => {
    execFile('openssl', args, { cwd }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error)
      else resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

/** The names of the leaves that `openssl verify` takes under the CA, in one run. */
export async function verifiedByOpenssl(
  ca: string,
  leaves: Record<string, string>,
  options: string[],
): Promise<string[]> {
  const names = Object.keys(leaves)
  const files = Object.fromEntries(names.map((name, index) => [`${index}.pem`, leaves[name]!]))
  const verify = ['verify', '-CAfile', 'ca.pem', '-no-CApath', '-no-CAstore', ...options]
  const { stdout } = await openssl([...verify, ...Object.keys(files)], { ...files, 'ca.pem': ca })
  const lines = new Set(stdout.split('\n'))
  return names.filter((_, index) => lines.has(`${index}.pem: OK`))
}

/** What `openssl verify` may look at beside the CA. */
export interface OpensslQuestion {
  leaf: string
  sent: readonly string[]
  anchor: string
}

/**
 * Whether `openssl verify` takes each leaf, in one run: the names of one question must not be those of another.
 *
 * @throws {Error} when it cannot read one of the certificates
 */
export async function askOpenssl(questions: readonly OpensslQuestion[], options: string[]): Promise<boolean[]> {
  const leaves = questions.map(({ leaf }, index) => [`${index}.pem`, leaf] as const)
  const beside = questions.flatMap(({ sent }) => sent).join('')
  const files = { ...Object.fromEntries(leaves), 'ca.pem': questions.map(({ anchor }) => anchor).join('') }
  const untrusted = beside === '' ? [] : ['-untrusted', 'sent.pem']
  const verify = ['verify', '-CAfile', 'ca.pem', '-no-CApath', '-no-CAstore', ...untrusted, ...options]
  const names = leaves.map(([name]) => name)
  const { stdout, stderr } = await openssl([...verify, ...names], { ...files, 'sent.pem': beside })
  if (/Could not|Unable to load|Error loading/.test(stderr)) throw new Error(`openssl could not read: ${stderr}`)
  const lines = new Set(stdout.split('\n'))
  return names.map((name) => lines.has(`${name}: OK`))
}
