import type { PacedCall } from './open-loop.ts'

type Moments = Pick<PacedCall, 'sentAt' | 'answeredAt'>

/**
 * The most calls that one second, aligned or not, is proved to have accepted: the server decided about a call somewhere
 * between its sending and its answer, so only calls that lie whole in the window count.
 */
export function provedInOneSecond(accepted: readonly Moments[]): number {
  return mostIn(
    accepted,
    ({ sentAt }) => sentAt,
    ({ answeredAt }) => answeredAt,
  )
}

/** The most answers that arrived in one second: near to the truth, but late answers can crowd. */
export function answeredInOneSecond(accepted: readonly Moments[]): number {
  return mostIn(
    accepted,
    ({ answeredAt }) => answeredAt,
    ({ answeredAt }) => answeredAt,
  )
}

const windowMs = 1_000

function mostIn(calls: readonly Moments[], from: (call: Moments) => number, to: (call: Moments) => number): number {
  const sorted = [...calls].sort((a, b) => from(a) - from(b))
  let most = 0
  for (let first = 0; first < sorted.length; first += 1) {
    const end = from(sorted[first]!) + windowMs
    let count = 0
    for (let at = first; at < sorted.length && from(sorted[at]!) < end; at += 1) if (to(sorted[at]!) < end) count += 1
    most = Math.max(most, count)
  }
  return most
}
