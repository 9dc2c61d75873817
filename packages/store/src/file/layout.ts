import { join } from 'node:path'
import type { CollectionName } from '../collections.ts'
import { collections } from '../collections.ts'
import { collectionNames } from '../table.ts'
import { unfinished } from './replace-file.ts'

/** The collections that have a file of their own. */
export const largeCollections = collectionNames.filter((name) => collections[name].large)
/** The collections that stand in the document. */
export const smallCollections = collectionNames.filter((name) => !collections[name].large)

/** The journal of a generation. */
export function journalPath(directory: string, generation: number): string {
  return join(directory, `journal-${generation}.log`)
}

/** The records of a large collection in a generation. */
export function recordsPath(directory: string, collection: CollectionName, generation: number): string {
  return join(directory, `${collection}-${generation}.ndjson`)
}

/** The generations whose journals are among the names, oldest first. */
export function journalGenerations(names: readonly string[]): number[] {
  const found = names.map((name) => /^journal-(\d+)\.log$/.exec(name)?.[1])
  return found.flatMap((text) => (text ? [Number(text)] : [])).sort((one, other) => one - other)
}

/** Those of the names that a state of this generation does not need: what is older, and what was never finished. */
export function leftovers(names: readonly string[], generation: number): string[] {
  return names.filter((name) => {
    if (name === `store.json${unfinished}`) return true
    const [, kind, text, end] = /^(journal|[a-zA-Z]+)-(\d+)\.(log|ndjson|ndjson\.tmp)$/.exec(name) ?? []
    if (text === undefined) return false
    return kind === 'journal' ? Number(text) < generation : Number(text) !== generation || end !== 'ndjson'
  })
}
