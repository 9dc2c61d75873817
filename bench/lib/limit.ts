import type { PacedCall } from './open-loop.ts'

/** The documented limit, calls a second per account and operation. */
export const limit = 500

/** What an exact limit lets through of an offer, for as long as it lasted: a server that is late is offered for longer. */
export function allowedOf(calls: readonly PacedCall[], perSecond: number): number {
  const span = Math.max(...calls.map(({ answeredAt }) => answeredAt)) - Math.min(...calls.map(({ sentAt }) => sentAt))
  const seconds = Math.max(calls.length / perSecond, span / 1_000)
  const whole = Math.floor(seconds)
  const rest = Math.min(limit, Math.round((seconds - whole) * perSecond))
  return Math.min(calls.length, whole * limit + rest)
}
