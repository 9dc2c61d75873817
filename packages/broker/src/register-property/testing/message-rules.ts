import type { Rule } from './check.ts'
import { isRevoked } from './ending-rules.ts'
import { observer, type Attempt, type History, type Message, type Point } from './history.ts'
import { revocationOf } from './standings.ts'

/** What must arrive, and what must not. */
export const messageRules: readonly Rule[] = [
  { name: 'nothing that was not accepted before the line is forwarded', broken: forwardedBeyond },
  { name: 'nothing that was not accepted before the line is acknowledged', broken: acknowledgedBeyond },
  { name: 'what was acknowledged is delivered', broken: lost },
  { name: 'nothing is delivered to a session beyond the line', broken: deliveredBeyond },
  { name: 'the will of a revoked session is not published', broken: wills },
]

/** The point from which on nothing of an attempt counts any more: 0 where it was never admitted. */
function lineOf(history: History, { certificate, session, logged }: Attempt): Point {
  if (!session) return 0
  const isDrop = history.setting.liveSessions.kind === 'drop'
  const revoked = isDrop ? revocationOf(history, certificate, session)?.at : undefined
  const ended = logged?.cause === undefined ? undefined : logged.at
  return Math.min(revoked ?? Infinity, ended ?? Infinity)
}

function eachWithLine(history: History, says: (message: Message, line: Point) => string | undefined): string[] {
  const lines = new Map(history.attempts.map((attempt) => [attempt.name, lineOf(history, attempt)]))
  return history.messages.flatMap((message) => says(message, lines.get(message.attempt) ?? Infinity) ?? [])
}

function forwardedBeyond(history: History): string[] {
  return eachWithLine(history, ({ kind, name, attempt, notBefore, heard }, line) =>
    kind !== 'will' && heard[0] && notBefore > line
      ? `${name} of ${attempt}, accepted ${notBefore} or later, was heard at ${heard[0].at}: the line is ${line}`
      : undefined,
  )
}

function acknowledgedBeyond(history: History): string[] {
  return eachWithLine(history, ({ name, attempt, notBefore, acked }, line) =>
    acked !== undefined && notBefore > line
      ? `${name} of ${attempt}, accepted ${notBefore} or later, was acknowledged at ${acked}: the line is ${line}`
      : undefined,
  )
}

function lost({ messages }: History): string[] {
  return messages.flatMap(({ name, attempt, acked, heard }) =>
    acked !== undefined && !heard.some(({ by }) => by === observer)
      ? [`${name} of ${attempt} was acknowledged at ${acked} and never heard`]
      : [],
  )
}

function deliveredBeyond(history: History): string[] {
  const lines = new Map(history.attempts.map((attempt) => [attempt.name, lineOf(history, attempt)]))
  return history.messages.flatMap(({ name, written, heard }) =>
    heard
      .filter(({ by }) => written > (lines.get(by) ?? Infinity))
      .map(({ by, at }) => `${by} heard ${name}, written at ${written}, at ${at}: its line is ${lines.get(by)}`),
  )
}

function wills({ attempts, messages }: History): string[] {
  // one that had left before it was revoked may have had its will on the way
  const revoked = new Set(attempts.filter((one) => isRevoked(one) && one.left === undefined).map(({ name }) => name))
  return messages.flatMap(({ kind, name, attempt, heard }) =>
    kind === 'will' && revoked.has(attempt) && heard[0]
      ? [`${name} of ${attempt}, which was revoked, was heard at ${heard[0].at}`]
      : [],
  )
}
