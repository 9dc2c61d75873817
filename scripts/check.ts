import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { ambientProblems } from './ambient.ts'
import { importProblems } from './import-rules.ts'
import { limitsProblems } from './limits.ts'
import { catalogProblems, lockfileProblems } from './lockfile.ts'

/** One thing that `npm run check` looks at. */
interface Step {
  name: string
  /** What is wrong, a line each; nothing when all is well. */
  problems(): string[] | Promise<string[]>
}

const root = dirname(import.meta.dirname)

function tool(name: string, ...args: string[]): () => string[] {
  return () => {
    const { status, stdout, stderr, error } = spawnSync(join(root, 'node_modules/.bin', name), args, {
      cwd: root,
      encoding: 'utf8',
      shell: process.platform === 'win32', // the tools are .cmd files there
    })
    if (status === 0) return []
    return [error?.message ?? `${stdout}${stderr}`.trim()]
  }
}

/** Loads the whole program, so only when its turn comes: what does not load fails this step alone. */
async function generated(): Promise<string[]> {
  const { staleFiles } = await import('./generated.ts')
  return staleFiles(root)
}

const steps: readonly Step[] = [
  { name: 'types', problems: tool('tsc', '--build') },
  { name: 'lint', problems: tool('oxlint', '--quiet') },
  { name: 'format', problems: tool('oxfmt', '--check') },
  { name: 'import rules', problems: () => importProblems(root) },
  { name: 'clock and chance', problems: () => ambientProblems(root) },
  { name: 'LIMITS.md', problems: () => limitsProblems(root) },
  { name: 'generated files', problems: generated },
  { name: 'lockfile and catalog', problems: () => [...lockfileProblems(root), ...catalogProblems(root)] },
]

/** Runs a step and prints its line; true when nothing was wrong. */
async function passes({ name, problems }: Step): Promise<boolean> {
  const began = performance.now()
  const found = await Promise.resolve()
    .then(problems)
    .catch((error: unknown) => [String(error)])
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`${found.length === 0 ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)`)
  for (const problem of found) console.log(problem)
  return found.length === 0
}

const failed: string[] = []
for (const step of steps) if (!(await passes(step))) failed.push(step.name)
if (failed.length > 0) {
  console.log(`npm run check failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
