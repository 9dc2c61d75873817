/** Somebody whose turn it is once a round. */
export interface Contestant<R> {
  name: string
  turn(): Promise<R>
}

/** Results by name, one a round. */
export type Results<R> = Record<string, R[]>

/**
 * Lets the contestants take turns, so that a noise of the machine hits all of them; who begins changes each round.
 * A first round is warm-up and dropped, unless there is only one.
 */
export async function inTurns<R>(rounds: number, contestants: readonly Contestant<R>[]): Promise<Results<R>> {
  const results: Results<R> = Object.fromEntries(contestants.map(({ name }) => [name, []]))
  for (let round = rounds > 1 ? -1 : 0; round < rounds; round += 1) {
    for (let at = 0; at < contestants.length; at += 1) {
      const { name, turn } = contestants[(at + round + 1) % contestants.length]!
      const result = await turn()
      if (round >= 0) results[name]!.push(result)
    }
  }
  return results
}
