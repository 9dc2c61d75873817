/** What must be done before the emulator is ready, in order (features A4). */
export const startSteps = [
  'store',
  'trust',
  'seed',
  'api',
  'api-tls',
  'mqtts',
  'wss',
  'mqtt',
  'ws',
  'endpoints',
] as const

/** One step of the start. */
export type StartStep = (typeof startSteps)[number]

/** Tells which steps of the start are still to come. */
export interface Readiness {
  pending(): StartStep[]
  done(step: StartStep): void
}

/** A readiness with every step pending. */
export function createReadiness(): Readiness {
  const pending = new Set<StartStep>(startSteps)
  return { pending: () => [...pending], done: (step) => void pending.delete(step) }
}
