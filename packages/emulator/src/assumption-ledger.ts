import { assumptions, type Assumption, type AssumptionId } from '@apsaramq/model'

/** An assumption and how often the run has rested on it. */
export interface LedgerEntry extends Omit<Assumption, 'otherwise'> {
  id: AssumptionId
  touched: number
  /** What it was last touched about, where that was said. */
  last: string | null
}

/** Counts which assumptions a run has rested on (features L5). */
export interface AssumptionLedger {
  touch(id: AssumptionId, about?: string): void
  /** Every assumption, in the order of LIMITS.md. */
  entries(): LedgerEntry[]
  reset(): void
}

/**
 * An empty ledger.
 *
 * @param isChanged whether an option, by its flag, is not at its default: then an assumption that depends on it says
 *   what is done instead
 */
export function createAssumptionLedger(isChanged: (flag: string) => boolean = () => false): AssumptionLedger {
  const touched = new Map<AssumptionId, { count: number; last: string | null }>()
  return {
    touch(id, about) {
      let entry = touched.get(id)
      if (!entry) touched.set(id, (entry = { count: 0, last: null }))
      entry.count += 1
      entry.last = about ?? entry.last
    },
    entries: () =>
      (Object.keys(assumptions) as AssumptionId[]).map((id) => ({
        id,
        ...inForce(assumptions[id], isChanged),
        touched: touched.get(id)?.count ?? 0,
        last: touched.get(id)?.last ?? null,
      })),
    reset: () => touched.clear(),
  }
}

function inForce({ otherwise, ...assumption }: Assumption, isChanged: (flag: string) => boolean) {
  const { setting } = assumption
  const holds = otherwise === undefined || setting === undefined || !isChanged(setting)
  return holds ? assumption : { ...assumption, says: otherwise }
}

/** What a run says at its end: a line for each assumption it rested on. */
export function describeTouched(entries: readonly LedgerEntry[]): string[] {
  return entries
    .filter((entry) => entry.touched > 0)
    .map((entry) => `${entry.id} ×${entry.touched} (${entry.confidence}): ${entry.says}`)
}
