import { busy, number } from './report.ts'
import type { Usage } from './processor.ts'
import type { Latencies } from './statistics.ts'

/** Busier than this a process is as busy as a core can be. */
const full = 0.95
/** A generator that is later than this in one call of a hundred may be what was measured. */
const lateMs = 1

const mean = (usages: readonly Usage[]) => usages.reduce((sum, { busy: one }) => sum + one, 0) / usages.length

/** A note where the generator of a closed loop was as busy as what it measures: the figure is then its own. */
export function saturationNotes(name: string, usages: readonly (Usage | undefined)[]): string[] {
  const known = usages.filter((usage) => usage !== undefined)
  return known.length > 0 && mean(known) >= full
    ? [`the generator was ${number(mean(known))} busy against ${name}: its rate may be the generator's`]
    : []
}

/** What an open loop knows of its generator. */
export interface Paced {
  /** How late the generator was. */
  late: Latencies
  latencies: Latencies
  server: Usage | undefined
  generator: Usage | undefined
}

/** Whether the generator, and not the server, may have made the tail of the latencies. */
export function isGenerators({ late, latencies, generator }: Paced): boolean {
  const isLate = late.p99 > Math.max(lateMs, latencies.p99 / 4)
  return isLate || (generator !== undefined && generator.busy >= full)
}

/** The verdict on the generator of a row, in a sentence. */
export function generatorVerdict(row: string, paced: Paced): string {
  const facts = `late by ${number(paced.late.p99)} ms (p99), ${busy([paced.generator])} busy`
  if (isGenerators(paced)) return `${row}: the figures of this row are the generator's, which was ${facts}`
  return paced.late.p99 > lateMs
    ? `${row}: a part of the tail is the generator's, which was ${facts}`
    : `${row}: the generator kept up (${facts})`
}

/** A note where server and generator had less than two cores between them, though neither was idle. */
export function sharedCoreNotes(row: string, { server, generator }: Paced): string[] {
  if (!server || !generator) return []
  const both = server.busy + generator.busy
  return both > 0.85 && both < 1.15 && Math.min(server.busy, generator.busy) > 0.15
    ? [`${row}: server and generator were busy ${number(both)} together, as if they shared one core`]
    : []
}
