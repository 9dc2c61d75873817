import type { Cause } from '@apsaramq/model'
import type { History, LiveSession, Point, Setting, Standing, Step } from './history.ts'

/** What a CONNECT comes to: written from the documented flow, and without the broker's own rules. */
export type Answer = 'admit' | 'register' | Cause

/** What follows for a CONNECT while a certificate stands like this. */
export function answerTo({ ca, device }: Standing, { caStatus }: Setting): Answer {
  if (ca === undefined) return 'ca-unknown'
  if (device === 'inactive') return 'device-inactive'
  if (ca === 'inactive' && (device === undefined || caStatus === 'strict')) return 'ca-inactive'
  return device === undefined ? 'register' : 'admit'
}

/** Why a session may not be live any more; undefined where it may. */
export function whyRevoked({ caId }: LiveSession, standing: Standing, { caStatus }: Setting): Cause | undefined {
  if (standing.caId !== caId) return 'ca-deleted'
  if (standing.device === undefined) return 'device-deleted'
  if (standing.device === 'inactive') return 'device-inactive'
  return standing.ca === 'inactive' && caStatus === 'strict' ? 'ca-inactive' : undefined
}

/** Whether a CONNECT is refused by this answer. */
export function refuses(answer: Answer): boolean {
  return answer !== 'admit' && answer !== 'register'
}

/** The steps that held at some point from `from` to `to`. */
export function stepsWithin(steps: readonly Step[], from: Point, to: Point): Step[] {
  return steps.filter(({ at }, index) => at <= to && (steps[index + 1]?.at ?? Infinity) > from)
}

/** The step that held at a point. */
export function stepAt(steps: readonly Step[], at: Point): Step {
  return steps.findLast((step) => step.at <= at)! // the first is the beginning of the history
}

/** The first step after a session began that revokes it; it counts even where a later one takes it back. */
export function revocationOf({ certificates, setting }: History, certificate: string, session: LiveSession) {
  return certificates[certificate]!.find(
    ({ at, standing }) => at > session.begun && whyRevoked(session, standing, setting) !== undefined,
  )
}

/** What time it was at a point. */
export function timeAt({ clock }: History, at: Point): number {
  return clock.findLast((change) => change.at <= at)!.now
}
