import { systemClock, type Clock } from '@apsaramq/model'

/** How long to wait, and whom to ask when the wait was in vain. */
export interface WaitOptions {
  /** Milliseconds; 5,000 without a value. */
  withinMs?: number
  clock?: Clock
}

/** What was awaited did not come in time; the message names what came instead. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** How a wait ends: {@link Wait.resolve} or {@link Wait.reject}, whichever comes first. */
export interface Wait<T> {
  resolve(value: T): void
  reject(error: Error): void
}

/**
 * Waits until `start` has resolved or rejected its wait, or the deadline has passed.
 *
 * @param start subscribes, and returns what ends the subscription
 * @param whatInstead makes the text of the {@link DeadlineError}; asked only when the deadline passes
 */
export async function waitWithin<T>(
  { withinMs = 5_000, clock = systemClock }: WaitOptions,
  start: (wait: Wait<T>) => () => void,
  whatInstead: (withinMs: number) => string | Promise<string>,
): Promise<T> {
  const { promise, resolve, reject } = withResolvers<T>()
  const cancel = clock.after(withinMs, () => {
    Promise.resolve(whatInstead(withinMs)).then((text) => reject(new DeadlineError(text)), reject)
  })
  const stop = start({ resolve, reject })
  try {
    return await promise
  } finally {
    cancel()
    stop()
  }
}

function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((accept, refuse) => {
    resolve = accept
    reject = refuse
  })
  return { promise, resolve, reject }
}
