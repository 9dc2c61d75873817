import { momentOf, type TimelineEvent } from './timeline.ts'

/** Events that must have happened, each not before the one it follows. */
export type Chain = readonly string[]

function brokenLinks(events: readonly TimelineEvent[], chain: Chain): string[] {
  return chain.flatMap((event, at) => {
    const [moment, before] = [momentOf(events, event), chain[at - 1]]
    if (moment === undefined) return [`${event} did not happen`]
    const earlier = before === undefined ? undefined : momentOf(events, before)
    return earlier !== undefined && moment < earlier ? [`${event} came before ${before}`] : []
  })
}

/** What in the events is not as the chains tell it; empty where the story went as told. */
export function deviations(events: readonly TimelineEvent[], chains: readonly Chain[]): string[] {
  return [...new Set(chains.flatMap((chain) => brokenLinks(events, chain)))]
}

/** The times a reader asks for, in milliseconds; null where the act has no such time. */
export interface Figures {
  /** From the answer of the inactivation to the close the device saw; negative where the close was seen first. */
  answerToCloseMs: number | null
  refusals: number
  /** From the close to the device being back. */
  outageMs: number | null
  reactivationToRecoveryMs: number | null
}

/** The times between the events. */
export function figuresOf(events: readonly TimelineEvent[]): Figures {
  const between = (from: string, to: string) => {
    const [start, end] = [momentOf(events, from), momentOf(events, to)]
    return start === undefined || end === undefined ? null : Math.round((end - start) * 1_000) / 1_000
  }
  return {
    answerToCloseMs: between('inactivation-answered', 'close-seen'),
    refusals: events.filter(({ event }) => event === 'refused').length,
    outageMs: between('close-seen', 'recovered'),
    reactivationToRecoveryMs: between('reactivation-answered', 'recovered'),
  }
}
