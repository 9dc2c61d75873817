import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import { type Manifest, type Room, manifestOf, roomOf, rooms, roomsIn } from './rooms.ts'
import { isTest, sourceFiles } from './source/files.ts'
import { type Import, importsOf } from './source/imports.ts'
import { readSource } from './source/syntax.ts'

/** Tools that are run, not imported. */
const commands = new Set(['oxfmt', 'oxlint', 'tsx', 'typescript', '@types/node', '@vitest/coverage-v8'])
/** What the root's package.json lists for the tests and benches of every room. */
const sharedByTests = new Set(['vitest', 'tsx'])
/** Rooms of pure rules, which import nothing but themselves. */
const pure = new Set(['@apsaramq/model'])
/** What users take into their own programs stays free of servers and of test frameworks. */
const forbiddenIn: Record<string, readonly string[]> = {
  '@apsaramq/testkit': ['fastify', 'aedes', 'vitest'],
}

/** One import and all that decides whether it is allowed. */
interface Case extends Import {
  room: Room
  manifest: Manifest
  /** The file, from the root of the repository. */
  file: string
  /** Name of the imported package; empty for a file of ours. */
  packageName: string
}

/** `@scope/name` or `name` of a specifier; empty where it names a file. */
function packageNameOf(specifier: string): string {
  if (specifier.startsWith('.') || specifier.startsWith('/')) return ''
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function leavesItsRoom({ file, specifier, room }: Case): boolean {
  return relative(room.folder, join(file, '..', specifier)).startsWith('..')
}

function isUndeclared({ packageName, manifest, file, typeOnly }: Case): boolean {
  if (packageName in manifest.dependencies) return false
  if (isTest(file) && sharedByTests.has(packageName)) return false
  const mayBeForDevelopment = isTest(file) || typeOnly || manifest.path === 'package.json'
  return !(mayBeForDevelopment && packageName in manifest.devDependencies)
}

const isOurs = (name: string) => rooms.some((room) => room.packageName === name)

/** The rules, in order; the first that an import breaks is named. */
const rules: readonly { says: (it: Case) => string; breaks: (it: Case) => boolean }[] = [
  {
    says: (it) => `imports ${it.specifier}, which lies in another room: import the package`,
    breaks: (it) => it.packageName === '' && leavesItsRoom(it),
  },
  {
    says: (it) => `imports ${it.specifier} without its ending`,
    breaks: (it) => it.packageName === '' && !/\.(ts|mjs|json)$/.test(it.specifier),
  },
  {
    says: (it) => `imports ${it.specifier}: ${it.room.folder} is pure and imports nothing`,
    breaks: (it) => it.packageName !== '' && pure.has(it.room.packageName) && !isTest(it.file),
  },
  {
    says: (it) => `imports ${it.specifier}: builtin modules are spelled with node:`,
    breaks: (it) => isBuiltin(it.specifier) && !it.specifier.startsWith('node:'),
  },
  {
    says: (it) => `imports ${it.specifier}, which ${it.room.folder} may not know`,
    breaks: (it) => isOurs(it.packageName) && !it.room.mayImport.includes(it.packageName),
  },
  {
    says: (it) => `imports ${it.specifier}: ${it.room.folder} is made for users' own programs`,
    breaks: (it) => !isTest(it.file) && (forbiddenIn[it.room.packageName]?.includes(it.packageName) ?? false),
  },
  {
    says: (it) => `imports ${it.specifier}, which ${it.manifest.path} does not list`,
    breaks: (it) => it.packageName !== '' && !isBuiltin(it.specifier) && isUndeclared(it),
  },
]

function casesOf(root: string, room: Room, manifest: Manifest): Case[] {
  const files = sourceFiles(root, room.folder).filter((file) => roomOf(file) === room)
  return files.flatMap((file) =>
    importsOf(readSource(root, file)).map((found) => {
      return { ...found, file, room, manifest, packageName: packageNameOf(found.specifier) }
    }),
  )
}

function problemOf(it: Case): string[] {
  const broken = rules.find((rule) => rule.breaks(it))
  return broken ? [`${it.place}: ${broken.says(it)}`] : []
}

/** What a package of types describes: `@types/node-forge` → `node-forge`. */
const described = (name: string) => name.replace(/^@types\//, '')

function manifestProblems(room: Room, manifest: Manifest, cases: readonly Case[]): string[] {
  const imported = new Set(cases.map((it) => it.packageName))
  const listed = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
  const unused = listed.filter((name) => !imported.has(described(name)) && !commands.has(name))
  const forbidden = listed.filter((name) => isOurs(name) && !room.mayImport.includes(name))
  return [
    ...forbidden.map((name) => `${manifest.path}: lists ${name}, which ${room.folder} may not know`),
    ...unused.map((name) => `${manifest.path}: lists ${name}, which nothing in ${room.folder} imports`),
  ]
}

/**
 * Every import and every listed dependency that the plan of the rooms does not allow, as `file:line: what`;
 * a dependency that nothing imports is one too.
 */
export function importProblems(root: string): string[] {
  return roomsIn(root).flatMap((room) => {
    const manifest = manifestOf(root, room)
    const cases = casesOf(root, room, manifest)
    return [...cases.flatMap(problemOf), ...manifestProblems(room, manifest, cases)]
  })
}
