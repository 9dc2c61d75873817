/** Where something happened, in the order in which the clients of a run saw it. */
export type Point = number

/** A call that changes the status of one certificate; each begins when the one before was answered. */
export interface Write {
  to: 'active' | 'inactive' | 'deleted'
  call: Point
  answer: Point
  /** Whether the API knew the certificate: otherwise nothing has changed. */
  isFound: boolean
}

/** An attempt to connect. */
export interface Attempt {
  name: string
  call: Point
  end: Point
  isAdmitted: boolean
  /** When the client closed it by itself. */
  left: Point | undefined
  closed: Point | undefined
}

/** A message of QoS 1. */
export interface Message {
  name: string
  attempt: Attempt
  written: Point
  isAcked: boolean
  isHeard: boolean
}

/** What the clients of a run saw of one certificate. */
export interface RegisterHistory {
  writes: Write[]
  attempts: Attempt[]
  messages: Message[]
}

/**
 * What a history breaks, a sentence each. Under `drop` a certificate is a register: there must be one order of all
 * writes and attempts that every client could have seen, in which who is admitted is admitted while it may be.
 */
export function brokenIn(history: RegisterHistory): string[] {
  return [...unordered(history), ...unfound(history), ...left(history), ...beyond(history), ...lost(history)]
}

/** Each attempt gets the earliest place among the writes that it can have; one that has none breaks the register. */
function unordered({ writes, attempts }: RegisterHistory): string[] {
  const places = new Map<Attempt, number>()
  return attempts
    .toSorted((one, other) => one.call - other.call)
    .flatMap((attempt) => {
      const seen = attempts.filter((other) => other.end < attempt.call).map((other) => places.get(other) ?? 0)
      const answered = writes.filter(({ answer }) => answer < attempt.call).length
      const called = writes.filter(({ call }) => call < attempt.end).length
      let place = Math.max(answered, ...seen)
      while (place <= called && !canBeAt(writes, place, attempt)) place += 1
      places.set(attempt, Math.min(place, called))
      if (place <= called) return []
      const what = attempt.isAdmitted ? 'admitted' : 'refused'
      return [`${attempt.name} was ${what} between ${attempt.call} and ${attempt.end}, and never could be`]
    })
}

/** One that is admitted and deleted before its CONNACK has arrived looks like one that is refused. */
function canBeAt(writes: readonly Write[], place: number, { call, isAdmitted }: Attempt): boolean {
  const last = writes[place - 1]
  const isCut = last !== undefined && last.to === 'deleted' && last.isFound && last.answer > call
  return admitsAfter(writes, place) === isAdmitted || (isCut && !isAdmitted)
}

/** Whether a certificate of an active CA is admitted after that many writes: unless it is registered and inactive. */
function admitsAfter(writes: readonly Write[], count: number): boolean {
  return writes.slice(0, count).findLast(({ isFound }) => isFound)?.to !== 'inactive'
}

/** One that has been admitted is registered, and stays so until it is deleted. */
function unfound({ writes, attempts }: RegisterHistory): string[] {
  return writes.flatMap(({ to, call, isFound }, at) => {
    const deleted = writes.slice(0, at).findLast((write) => write.to === 'deleted' && write.isFound)?.answer ?? 0
    const registered = attempts.find((one) => one.isAdmitted && one.call > deleted && one.end < call)
    if (isFound || !registered) return []
    return [`the API did not find at ${call}, to be ${to}, what ${registered.name} had registered by ${registered.end}`]
  })
}

/** The first revocation that was called after a session was there, as far as a client can know. */
function lineOf({ writes }: RegisterHistory, { end }: Attempt): Point {
  return writes.find(({ to, call, isFound }) => isFound && to !== 'active' && call > end)?.answer ?? Infinity
}

function left(history: RegisterHistory): string[] {
  return history.attempts.flatMap((attempt) => {
    const { name, isAdmitted, left: leaving, closed } = attempt
    const line = lineOf(history, attempt)
    if (isAdmitted && line < Infinity && closed === undefined && leaving === undefined)
      return [`${name}, revoked by ${line}, is left`]
    const isRevocable = history.writes.some(
      ({ to, answer, isFound }) => isFound && to !== 'active' && answer > attempt.call,
    )
    if (isAdmitted && closed !== undefined && leaving === undefined && !isRevocable)
      return [`${name} was cut by ${closed}, and nothing had revoked it`]
    return []
  })
}

function beyond(history: RegisterHistory): string[] {
  return history.messages.flatMap(({ name, attempt, written, isAcked, isHeard }) =>
    (isHeard || isAcked) && written > lineOf(history, attempt)
      ? [`${name}, written at ${written}, was ${isHeard ? 'heard' : 'acknowledged'} beyond the line`]
      : [],
  )
}

function lost({ messages }: RegisterHistory): string[] {
  return messages.flatMap(({ name, isAcked, isHeard }) =>
    isAcked && !isHeard ? [`${name} was acknowledged and not heard`] : [],
  )
}
