/** How near to a moment the loop stops to rely on timers, which may be late by a millisecond. */
const awakeMs = 2
/** How long it sleeps between looks from there on: spinning would take the server's time where both share a core. */
const napMs = 0.1

const never = new Int32Array(new SharedArrayBuffer(4))

/** Resolves at a moment of performance.now(), late by a tenth of a millisecond. */
export function until(moment: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const left = moment - performance.now()
      if (left <= 0) return resolve()
      if (left > awakeMs) return void setTimeout(look, left - awakeMs)
      Atomics.wait(never, 0, 0, Math.min(left, napMs)) // a sleep: nobody wakes it
      setImmediate(look) // lets sockets be read meanwhile
    }
    look()
  })
}

/** The moments of a steady rate, milliseconds from the beginning. */
export function steady(perSecond: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (index * 1_000) / perSecond)
}

/**
 * An open loop: `fire` is called at its moments whether or not earlier calls have been answered.
 *
 * @param moments milliseconds from the beginning, in order
 * @param fire gets the moment it was due, so that a late generator counts as waiting (coordinated omission)
 * @returns how late each call was, milliseconds
 */
export async function pace(moments: readonly number[], fire: (index: number, dueAt: number) => void) {
  const beganAt = performance.now() + 5
  const late: number[] = []
  for (const [index, moment] of moments.entries()) {
    const dueAt = beganAt + moment
    if (performance.now() < dueAt) await until(dueAt)
    late.push(performance.now() - dueAt)
    fire(index, dueAt)
  }
  return late
}
