import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const foreign = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'bun.lock', 'bun.lockb']

/** Whether there is one lockfile that works with every registry: a host in it would send everyone there. */
export function lockfileProblems(root: string): string[] {
  const lines = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8').split('\n')
  const withHost = lines.flatMap((line, at) =>
    /https?:\/\/|tarball:/.test(line) ? [`pnpm-lock.yaml:${at + 1}: names a host`] : [],
  )
  const others = foreign.filter((name) => existsSync(join(root, name)))
  return [...withHost, ...others.map((name) => `${name}: pnpm-lock.yaml is the lockfile here`)]
}
