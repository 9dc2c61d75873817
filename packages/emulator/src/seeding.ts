import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@apsaramq/model'
import type { SeedRecords } from '@apsaramq/store'
import { replaceFile } from './replace-file.ts'
import { builtInSeed, loadSeed, type Seed } from './seed/seed-file.ts'
import type { Shared } from './services.ts'
import type { State } from './state.ts'
import type { Trust } from './trust.ts'

/** Holds the digest of the seed that a data directory was filled from. */
const digestFile = 'seed.digest'

/** The seed of a run. @throws {SeedError} when the seed file cannot be used */
export function seedOf(file: string, clock: Clock): Seed {
  return file === '' ? builtInSeed : loadSeed(file, clock)
}

/** The records of a seed. */
export function recordsFor(trust: Trust, { seed, clock, random, settings }: Shared): SeedRecords {
  return seed.records(trust, { clock, random, regionId: settings.region })
}

/** Fills an empty store from the seed; says in a line when one that is not empty came from another seed. */
export async function seedIfEmpty(state: State, trust: Trust, shared: Shared): Promise<void> {
  const { seed } = shared
  if (state.store.isEmpty()) return fillFrom(state, seed, recordsFor(trust, shared))
  const digest = await readFile(join(state.directory, digestFile), 'utf8').catch(ifMissing)
  if (digest.trim() === seed.digest) return
  const message = `the data directory was not filled from ${seed.source}, which is not applied to it: "reset" goes back to ${seed.source}`
  shared.recorder.write({ plane: 'emulator', kind: 'warn', message })
}

/** Replaces all that is stored; the digest is written first, so that no crash leaves the records of an unknown seed. */
export async function fillFrom({ directory, store }: State, seed: Seed, records: SeedRecords): Promise<void> {
  await replaceFile(join(directory, digestFile), `${seed.digest}\n`)
  await store.reset(records)
}

/** A directory from before there were seed files. */
function ifMissing(error: NodeJS.ErrnoException): string {
  if (error.code !== 'ENOENT') throw error
  return builtInSeed.digest
}
