import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A folder of the workspace, with what it may know of the others. */
export interface Room {
  /** The name of its package. */
  packageName: string
  folder: string
  /** Packages of ours that it may import. */
  mayImport: readonly string[]
}

const ours = (...names: string[]) => names.map((name) => `@apsaramq/${name}`)
const inPackages = (name: string, ...mayImport: string[]): Room => ({
  packageName: `@apsaramq/${name}`,
  folder: `packages/${name}`,
  mayImport: ours(...mayImport),
})

/** Who may know whom: the control plane and the broker meet only in the store. */
export const rooms: readonly Room[] = [
  inPackages('model'),
  inPackages('pki', 'model'),
  inPackages('store', 'model'),
  inPackages('control-plane', 'model', 'pki', 'store'),
  inPackages('broker', 'model', 'pki', 'store'),
  inPackages('testkit', 'model', 'pki'),
  inPackages('emulator', 'model', 'pki', 'store', 'control-plane', 'broker', 'testkit'),
  { packageName: 'apsaramq-emulator', folder: 'packages/cli', mayImport: ours('emulator', 'testkit') },
  { packageName: '@apsaramq/e2e', folder: 'e2e', mayImport: ours('model', 'pki', 'broker', 'testkit', 'emulator') },
  { packageName: '@apsaramq/bench', folder: 'bench', mayImport: ours('model', 'pki', 'store', 'testkit', 'emulator') },
  { packageName: '@apsaramq/examples', folder: 'examples', mayImport: ours('testkit', 'emulator') },
  { packageName: '@apsaramq/revocation-demo', folder: 'examples/revocation-demo', mayImport: ours('model', 'testkit') },
  {
    packageName: 'apsaramq-emulator-workspace',
    folder: 'scripts',
    mayImport: ours('model', 'control-plane', 'emulator', 'testkit'),
  },
]

/** The parts of a package.json that the checks read. */
export interface Manifest {
  /** Its path from the root of the repository. */
  path: string
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}

/** The package.json of a room; the scripts' is the one of the repository. */
export function manifestOf(root: string, room: Room): Manifest {
  const path = room.folder === 'scripts' ? 'package.json' : `${room.folder}/package.json`
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    readFileSync(join(root, path), 'utf8'),
  ) as Partial<Manifest>
  return { path, dependencies, devDependencies }
}

/** The rooms that have content in this checkout. */
export function roomsIn(root: string): Room[] {
  return rooms.filter((room) => existsSync(join(root, room.folder)))
}

/** The room that a file belongs to: the innermost around it. */
export function roomOf(path: string): Room | undefined {
  const around = rooms.filter((room) => path.startsWith(`${room.folder}/`))
  return around.sort((a, b) => b.folder.length - a.folder.length)[0]
}
