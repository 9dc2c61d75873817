import type { Reach } from './plan.ts'

/** What of the broker is under test. */
export const reach: Reach = { transports: ['mqtts', 'wss'], levels: [4, 5] }

/** The seed of the suite, and of whoever names none. */
export const usualSeed = 20_260_704
