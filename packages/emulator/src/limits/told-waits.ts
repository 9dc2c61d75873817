/** How much earlier than told a call may arrive and still count as waited for: timers of clients round. */
export const earlyToleranceMs = 5

/**
 * For how long after the first refusal a call that comes too early may have been on its way already: it is passed over.
 * What comes later was sent by someone who could have read the answer.
 */
export const onTheirWayMs = 100

/** Judged waits that the medians are taken of, the latest. */
const maxJudged = 100

/** A call that the throttle has decided about; times are monotonic milliseconds. */
export interface DecidedCall {
  arrivedAt: number
  answeredAt: number
  /** The wait it was told, where it was refused. */
  toldMs: number | undefined
}

/** A wait that is over. */
export interface JudgedWait {
  toldMs: number
  waitedMs: number
}

/** What is told of the waits of one client and operation. */
export interface WaitFigures {
  refusals: number
  /** The next call came when the wait was over, at most {@link earlyToleranceMs} early. */
  kept: number
  /** The next call came before. */
  broken: number
  /** Calls that came so soon that they may have been on their way. */
  onTheirWay: number
  /** Whether it has been told to wait and has not come back yet. */
  isWaiting: boolean
  /** Of the last {@link maxJudged} waits; null before the first. */
  median: JudgedWait | null
  /** The wait that fell shortest of what was told, or was kept most narrowly. */
  worst: JudgedWait | null
}

interface Outstanding {
  /** When the first of a row of refusals was answered. */
  since: number
  /** When the last was. */
  toldAt: number
  until: number
}

type Verdict = 'kept' | 'broken' | 'onTheirWay'

function verdictOf({ since, toldAt, until }: Outstanding, arrivedAt: number): Verdict {
  if (arrivedAt < toldAt) return 'onTheirWay'
  if (arrivedAt >= until - earlyToleranceMs) return 'kept'
  return arrivedAt <= since + onTheirWayMs ? 'onTheirWay' : 'broken'
}

/**
 * Whether one client waited before it made the same call again. A row of refusals makes one obligation: to come back no
 * earlier than the first of them said, so that calls which were refused together do not count against each other.
 */
export class ToldWaits {
  readonly #counts = { kept: 0, broken: 0, onTheirWay: 0 }
  #refusals = 0
  #outstanding: Outstanding | undefined
  #judged: JudgedWait[] = []
  #worst: JudgedWait | null = null

  /** Whether the next call will be judged. */
  get isWaiting(): boolean {
    return this.#outstanding !== undefined
  }

  /** Judges the wait before a call, and begins another where the call was refused. */
  note({ arrivedAt, answeredAt, toldMs }: DecidedCall): void {
    const row = this.#outstanding
    const verdict = row && verdictOf(row, arrivedAt)
    if (row && verdict) this.#count(row, verdict, arrivedAt)
    // a row goes on after a call that came too early: what is refused next was not on its way at its beginning
    if (toldMs !== undefined) this.#tell(verdict === 'broken' ? row?.since : undefined, answeredAt, toldMs)
  }

  figures(): WaitFigures {
    const { isWaiting } = this
    return { refusals: this.#refusals, ...this.#counts, isWaiting, median: medianOf(this.#judged), worst: this.#worst }
  }

  #count(row: Outstanding, verdict: Verdict, arrivedAt: number): void {
    this.#counts[verdict] += 1
    if (verdict === 'onTheirWay') return
    this.#outstanding = undefined
    this.#remember({ toldMs: tenths(row.until - row.toldAt), waitedMs: tenths(arrivedAt - row.toldAt) })
  }

  #tell(since: number | undefined, answeredAt: number, toldMs: number): void {
    this.#refusals += 1
    const until = answeredAt + toldMs
    const row = this.#outstanding ?? { since: since ?? answeredAt, until }
    this.#outstanding = { since: row.since, toldAt: answeredAt, until: Math.min(row.until, until) }
  }

  #remember(wait: JudgedWait): void {
    this.#judged.push(wait)
    if (this.#judged.length > maxJudged) this.#judged.shift()
    if (!this.#worst || marginOf(wait) < marginOf(this.#worst)) this.#worst = wait
  }
}

function marginOf({ waitedMs, toldMs }: JudgedWait): number {
  return waitedMs - toldMs
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}

function medianOf(waits: readonly JudgedWait[]): JudgedWait | null {
  if (waits.length === 0) return null
  const middle = (of: (wait: JudgedWait) => number) => waits.map(of).sort((a, b) => a - b)[waits.length >> 1]!
  return { toldMs: middle(({ toldMs }) => toldMs), waitedMs: middle(({ waitedMs }) => waitedMs) }
}
