import type { SeedFault, SeedPath } from './seed-document.ts'

/** The faults of a seed that its schema cannot see, gathered so that they are told together. */
export class SeedFaults {
  readonly list: SeedFault[] = []

  add(path: SeedPath, says: string): void {
    this.list.push({ path, says })
  }

  /** A value that was there before under the same key. @param what for example "an account" */
  twice<T>(items: readonly T[], keyOf: (item: T) => string, pathOf: (at: number) => SeedPath, what: string): void {
    const firsts = new Map<string, number>()
    for (const [at, item] of items.entries()) {
      const key = keyOf(item)
      const first = firsts.get(key)
      if (first === undefined) firsts.set(key, at)
      else
        this.add(
          pathOf(at),
          `is ${what} for the second time, the first is number ${first + 1} of them: remove or rename one`,
        )
    }
  }
}
