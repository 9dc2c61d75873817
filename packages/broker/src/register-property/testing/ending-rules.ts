import type { Cause } from '@apsaramq/model'
import type { Rule } from './check.ts'
import type { Attempt, History, LiveSession, Step } from './history.ts'
import { revocationOf, stepsWithin, stepAt, timeAt, whyRevoked } from './standings.ts'

/** Which sessions must end, and which may. */
export const endingRules: readonly Rule[] = [
  { name: 'an answered revocation has ended the sessions and their sockets', broken: leftAtAnswer },
  { name: 'an answered inactivation has ended the sockets that are still to send CONNECT', broken: leftWaiting },
  { name: 'no session that was revoked is left', broken: leftAlive },
  { name: 'a session ends for what was so', broken: wronglyEnded },
  { name: 'a session that nobody ended is alive', broken: dead },
]

const revocations: ReadonlySet<Cause | undefined> = new Set<Cause>([
  'device-inactive',
  'device-deleted',
  'ca-inactive',
  'ca-deleted',
])

/** Whether a session was ended since its certificate was revoked, as far as the log tells. */
export function isRevoked({ logged }: Attempt): boolean {
  return logged?.kind === 'drop' && revocations.has(logged.cause)
}

function leftAtAnswer(history: History): string[] {
  if (history.setting.liveSessions.kind !== 'drop') return []
  return history.attempts.flatMap((attempt) => {
    const step = attempt.session && revocationOf(history, attempt.certificate, attempt.session)
    const write = history.writes.find(({ name }) => name === step?.by)
    if (!step || !write) return []
    const text = `${attempt.name}, revoked at ${step.at} by ${write.name}`
    if (write.sessions.includes(attempt.session!.id)) return [`${text}, had its session at the answer, ${write.answer}`]
    return write.sockets.includes(attempt.name) ? [`${text}, had its socket open at the answer, ${write.answer}`] : []
  })
}

/** Their sockets end under `drop` with `cut`; with CONNACKs they are told when they send CONNECT. */
function leftWaiting({ setting, attempts, certificates, writes }: History): string[] {
  if (setting.liveSessions.kind !== 'drop' || setting.rejectAt !== 'cut') return []
  return attempts.flatMap(({ name, certificate, secured, connecting }) => {
    const isWaiting = ({ at }: Step) => secured !== undefined && secured < at && at < (connecting ?? Infinity)
    const inactivated = (step: Step, index: number, all: Step[]) =>
      step.standing.device === 'inactive' && all[index - 1]?.standing.device !== 'inactive' && isWaiting(step)
    const step = certificates[certificate]!.find(inactivated)
    const write = writes.find((one) => one.name === step?.by)
    if (!step || !write?.sockets.includes(name)) return []
    return [`${name} waited when ${write.name} was committed at ${step.at}, and had its socket open at its answer`]
  })
}

function leftAlive(history: History): string[] {
  const { kind } = history.setting.liveSessions
  if (kind === 'keep') return []
  return history.attempts.flatMap(({ name, certificate, session, alive }) => {
    const revoked = session && revocationOf(history, certificate, session)
    if (!alive || !revoked || revoked.at > alive) return []
    const { standing } = stepAt(history.certificates[certificate]!, alive)
    // a delay forgets what was taken back in time
    if (kind === 'delay' && whyRevoked(session, standing, history.setting) === undefined) return []
    return [`${name}, revoked at ${revoked.at}, was alive at ${alive}`]
  })
}

function wronglyEnded(history: History): string[] {
  return history.attempts.flatMap((attempt) => {
    const { name, session, logged, left } = attempt
    if (!session) return []
    if (!logged) return [`${name} has ended and the log does not say how`]
    const text = `${name}, admitted at ${session.begun}, was ended at ${logged.at} for ${logged.cause}`
    if (logged.cause === 'session-taken-over') return isTakenOver(history, attempt) ? [] : [`${text} by nobody`]
    // of what is still written to a client that has gone may come another end
    if (left !== undefined && left < logged.at && !revocations.has(logged.cause)) return []
    if (logged.kind === 'disconnect') return [`${text}, and had not left`]
    return isRevoked(attempt) && isJustified(history, attempt, session) ? [] : [text]
  })
}

function isTakenOver({ attempts }: History, { name, clientId, logged }: Attempt): boolean {
  return attempts.some(
    (other) =>
      other.name !== name &&
      other.clientId === clientId &&
      other.session !== undefined &&
      other.call < logged!.at &&
      logged!.at < other.session.begun,
  )
}

/** Whether, at a point at which the policy looks, the certificate stood as the log says. */
function isJustified(history: History, { certificate, logged }: Attempt, session: LiveSession): boolean {
  const { setting } = history
  const { at, cause } = logged!
  const steps = history.certificates[certificate]!
  const says = ({ standing }: Step) => whyRevoked(session, standing, setting) === cause
  if (setting.liveSessions.kind === 'keep') return false
  if (setting.liveSessions.kind === 'drop') return says(stepAt(steps, at))
  const due = timeAt(history, at) - setting.liveSessions.delayMs
  const revoked = revocationOf(history, certificate, session)
  return revoked !== undefined && timeAt(history, revoked.at) <= due && stepsWithin(steps, revoked.at, at).some(says)
}

function dead({ attempts }: History): string[] {
  return attempts.flatMap(({ name, session, logged, left, alive, closed }) =>
    session && alive === undefined && left === undefined && logged?.kind === 'disconnect' && !logged.cause
      ? [`${name} was found closed at ${closed}, and the log knows no reason`]
      : [],
  )
}
