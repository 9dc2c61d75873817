import { createHash } from 'node:crypto'
import type { Clock } from '@apsaramq/model'
import type { SeedRecords } from '@apsaramq/store'
import { seedRecords } from '../seed.ts'
import type { Trust } from '../trust.ts'
import { checkReferences } from './check-references.ts'
import { checkShape } from './check-shape.ts'
import { certificateReader, readCas, readDevices } from './seed-certificates.ts'
import { readSeedDocument } from './seed-document.ts'
import { SeedFaults } from './seed-faults.ts'
import { resolvePolicies } from './seed-policies.ts'
import { recordsOf, type CheckedSeed, type RecordDeps } from './seed-records.ts'
import type { SeedContent } from './seed-schema.ts'

/** What a fresh data directory gets, and what a reset goes back to (features G1, G2). */
export interface Seed {
  /** For a reader: the path of the file, or what stands for it. */
  source: string
  /** The same for two seeds only where they have the same content. */
  digest: string
  /** Calls a second, by operation, where they are not the default. */
  limits: Readonly<Record<string, number>>
  records(trust: Trust, deps: RecordDeps): SeedRecords
}

/** The seed of a run without a seed file. */
export const builtInSeed: Seed = { source: 'the built-in seed', digest: 'built-in', limits: {}, records: seedRecords }

/**
 * Reads a seed file with the certificates it names; nothing is read again later.
 *
 * @throws {SeedError} naming each fault with file, line, column, path and cure
 */
export function loadSeed(file: string, clock: Clock): Seed {
  const document = readSeedDocument(file)
  const content = checkShape(document)
  const faults = new SeedFaults()
  checkReferences(content, faults)
  const checked = resolved(content, file, faults, clock)
  if (faults.list.length > 0) throw document.error(faults.list)
  return {
    source: file,
    digest: digestOf(checked),
    limits: content.limits ?? {},
    records: (trust, deps) => recordsOf(checked, trust, deps),
  }
}

function resolved(content: SeedContent, file: string, faults: SeedFaults, clock: Clock): CheckedSeed {
  const policiesOf = resolvePolicies(content, faults)
  const attached = (list: 'userGroups' | 'users' | 'roles') =>
    (content[list] ?? []).map(({ policies }, at) => policiesOf(policies, [list, at, 'policies']))
  const reader = certificateReader(file, faults)
  const cas = readCas(content, reader, faults)
  const devices = readDevices(content, cas, { reader, faults, clock })
  return {
    content,
    policies: { userGroups: attached('userGroups'), users: attached('users'), roles: attached('roles') },
    cas: cas.filter((ca) => ca !== undefined), // all of them, unless there is a fault
    devices,
  }
}

/** Of the content of the file and of the certificates it names, not of how it is written. */
function digestOf({ content, cas, devices }: CheckedSeed): string {
  const fingerprints = [...cas.map(({ own }) => own?.certificate), ...devices.map(({ certificate }) => certificate)]
  const text = JSON.stringify([content, fingerprints.map((one) => one?.facts.fingerprint)])
  return createHash('sha256').update(text).digest('hex')
}
