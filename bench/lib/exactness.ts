import type { Decision } from './decisions.ts'
import { provedInOneSecond } from './one-second-windows.ts'

const windowMs = 1_000

/** How well a limit was kept, as far as the moments of the decisions are known. */
export interface Exactness {
  /** Decisions it was judged by. */
  decisions: number
  admitted: number
  /** Most admitted in one second that lie in it whatever their moments were: more than the limit proves a fault. */
  mostInOneSecond: number
  /** Refused, though one second before held fewer than the limit whatever their moments were: one proves a fault. */
  wronglyRefused: number
  /** What an exact sliding window admits of calls that are decided when they arrive. */
  allowed: number
}

/** The number of `sorted` values that are at most `value`. */
function countUpTo(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * How many calls were refused although the window surely had room for them.
 *
 * @param knownFrom the earliest moment of which every decision is known: who was refused within a second of it is not judged
 */
export function wronglyRefused(decisions: readonly Decision[], limit: number, knownFrom = -Infinity): number {
  const admitted = decisions.filter((decision) => decision.admitted)
  const begins = admitted.map(({ from }) => from).sort((a, b) => a - b)
  const ends = admitted.map(({ to }) => to).sort((a, b) => a - b)
  // those that began before the refusal was decided, without those that surely had left the window by then
  const atMostIn = ({ from, to }: Decision) => countUpTo(begins, to) - countUpTo(ends, from - windowMs)
  const judged = decisions.filter(({ from, admitted: isIn }) => !isIn && from - windowMs >= knownFrom)
  return judged.filter((decision) => atMostIn(decision) < limit).length
}

/** How many of these moments an exact sliding window admits. */
export function admittedByWindow(moments: readonly number[], limit: number): number {
  const admitted: number[] = []
  for (const now of [...moments].sort((a, b) => a - b)) {
    const oldest = admitted.at(-limit)
    if (admitted.length < limit || now - oldest! >= windowMs) admitted.push(now)
  }
  return admitted.length
}

/** Judges decisions whose moments are known to lie between two others. @param knownFrom as in {@link wronglyRefused} */
export function judge(decisions: readonly Decision[], limit: number, knownFrom?: number): Exactness {
  const admitted = decisions.filter((decision) => decision.admitted)
  return {
    decisions: decisions.length,
    admitted: admitted.length,
    mostInOneSecond: provedInOneSecond(admitted.map(({ from, to }) => ({ sentAt: from, answeredAt: to }))),
    wronglyRefused: wronglyRefused(decisions, limit, knownFrom),
    allowed: admittedByWindow(
      decisions.map(({ from }) => from),
      limit,
    ),
  }
}
