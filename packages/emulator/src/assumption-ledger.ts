import { assumptions, type Assumption, type AssumptionId } from '@apsaramq/model'

/** An assumption and how often the run has rested on it. */
export interface LedgerEntry extends Assumption {
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

/** An empty ledger. */
export function createAssumptionLedger(): AssumptionLedger {
  const touched = new Map<AssumptionId, { count: number; last: string | null }>()
  return {
    touch(id, about) {
      const entry = touched.get(id) ?? { count: 0, last: null }
      touched.set(id, { count: entry.count + 1, last: about ?? entry.last })
    },
    entries: () =>
      (Object.keys(assumptions) as AssumptionId[]).map((id) => ({
        id,
        ...(assumptions[id] as Assumption),
        touched: touched.get(id)?.count ?? 0,
        last: touched.get(id)?.last ?? null,
      })),
    reset: () => touched.clear(),
  }
}

/** What a run says at its end: a line for each assumption it rested on. */
export function describeTouched(entries: readonly LedgerEntry[]): string[] {
  return entries
    .filter((entry) => entry.touched > 0)
    .map((entry) => `${entry.id} ×${entry.touched} (${entry.confidence}): ${entry.says}`)
}
