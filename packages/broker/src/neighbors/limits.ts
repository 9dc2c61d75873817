/** How much waits, and for how long. */
export interface NeighborLimits {
  /** Messages that wait in an instance, a copy for each client; the oldest goes first (Limits page). */
  maxMessages: number
  /** Bytes of them in memory. LIMITS A-71 */
  maxBytes: number
  /** Age at which a message for a client that is away is dropped (Limits page: 3 days). */
  maxAgeMs: number
  /** Messages that wait for one clean session; more, and it is cut. LIMITS A-72 */
  maxWaiting: number
  /** Bytes of them. LIMITS A-72 */
  maxWaitingBytes: number
  /** Unacknowledged QoS 1 and 2 messages of a client that says nothing of it. LIMITS A-74 */
  maxInFlight: number
  /** Unread bytes of a client above which QoS 0 messages to it are dropped. LIMITS A-72 */
  maxUnreadBytes: number
  /** Unread bytes above which QoS 1 and 2 messages wait, instead of being written. */
  pauseAtBytes: number
  /** How long a client for which messages wait may take nothing before it is cut. LIMITS A-72 */
  stallMs: number
}

const mebibyte = 1024 * 1024

/** The bounds of every instance. */
export const neighborLimits: Readonly<NeighborLimits> = {
  maxMessages: 1_000_000,
  maxBytes: 256 * mebibyte,
  maxAgeMs: 3 * 24 * 60 * 60 * 1000,
  maxWaiting: 100_000,
  maxWaitingBytes: 64 * mebibyte,
  maxInFlight: 1000,
  maxUnreadBytes: 0.75 * mebibyte, // a write that fills the socket's buffer of 1 MiB would hold up the publisher
  pauseAtBytes: 128 * 1024,
  stallMs: 10_000,
}
