import { maxKeepAliveSeconds } from '@apsaramq/model'

/** vendor: topic aliases are accepted; how many is not documented. LIMITS A-80 */
export const topicAliasMaximum = 10
/** Publications of QoS 1 and 2 that a client may have unacknowledged. LIMITS A-80 */
export const receiveMaximum = 1000

const minSessionExpirySeconds = 600
const maxSessionExpirySeconds = 2_147_483_647

/** vendor: a session that outlives its connection does so for at least ten minutes, and at most 2147483647 seconds. */
export function sessionExpiryOf(askedSeconds: number): number {
  if (askedSeconds === 0) return 0
  return Math.min(Math.max(askedSeconds, minSessionExpirySeconds), maxSessionExpirySeconds)
}

/**
 * vendor: at most eight minutes; a client that asks for more, or for none, is told so. LIMITS A-83
 *
 * @returns undefined where the client's own keep alive stands
 */
export function serverKeepAliveOf(askedSeconds: number): number | undefined {
  return askedSeconds === 0 || askedSeconds > maxKeepAliveSeconds ? maxKeepAliveSeconds : undefined
}
