/** How near to a moment the loop stops sleeping and begins to look. */
const awakeMs = 3

/** Resolves at a moment of performance.now(), late by microseconds: a timer alone is late by a millisecond. */
export function until(moment: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const left = moment - performance.now()
      if (left <= 0) resolve()
      else if (left > awakeMs) setTimeout(look, left - awakeMs)
      else setImmediate(look) // lets sockets be read meanwhile
    }
    look()
  })
}

/**
 * An open loop: `fire` is called at its moments whether or not earlier calls have been answered.
 *
 * @param fire gets the moment it was due, so that a late generator counts as waiting (coordinated omission)
 * @returns how late each call was, milliseconds
 */
export async function pace(perSecond: number, count: number, fire: (index: number, dueAt: number) => void) {
  const beganAt = performance.now() + 5
  const late: number[] = []
  for (let index = 0; index < count; index += 1) {
    const dueAt = beganAt + (index * 1_000) / perSecond
    if (performance.now() < dueAt) await until(dueAt)
    late.push(performance.now() - dueAt)
    fire(index, dueAt)
  }
  return late
}
