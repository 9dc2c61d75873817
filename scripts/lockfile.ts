import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type Manifest, manifestOf, roomsIn } from './rooms.ts'

const foreign = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'bun.lock', 'bun.lockb']

/** Whether there is one lockfile that works with every registry: a host in it would send everyone there. */
export function lockfileProblems(root: string): string[] {
  const lines = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8').split('\n')
  const hosts = lines.flatMap((line, at) => (/https?:\/\/|tarball:/.test(line) ? [at + 1] : []))
  const others = foreign.filter((name) => existsSync(join(root, name)))
  return [
    ...hosts.map((line) => `pnpm-lock.yaml:${line}: names a host`),
    ...others.map((name) => `${name}: pnpm-lock.yaml is the lockfile here`),
  ]
}

function listed({ dependencies, devDependencies }: Manifest): [string, string][] {
  return Object.entries({ ...dependencies, ...devDependencies })
}

/** Whether every version stands in the catalog of pnpm-workspace.yaml, and nothing else does. */
export function catalogProblems(root: string): string[] {
  const { catalog } = parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')) as { catalog: object }
  const manifests = roomsIn(root).map((room) => manifestOf(root, room))
  const used = new Set(manifests.flatMap(listed).flatMap(([name, version]) => (version === 'catalog:' ? [name] : [])))
  const apart = manifests.flatMap((manifest) => {
    const wrong = listed(manifest).filter(([, version]) => version !== 'catalog:' && version !== 'workspace:*')
    return wrong.map(([name]) => `${manifest.path}: gives ${name} a version: write "catalog:"`)
  })
  const unused = Object.keys(catalog).filter((name) => !used.has(name))
  return [...apart, ...unused.map((name) => `pnpm-workspace.yaml: nothing uses the version of ${name}`)]
}
