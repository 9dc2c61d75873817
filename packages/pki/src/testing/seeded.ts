/** A small generator of numbers that are the same for the same seed (mulberry32). */
export interface Draw {
  /** One of 0 to `below` - 1. */
  number(below: number): number
  one<T>(list: readonly T[]): T
  /** Whether a thing that happens once in `times` does. */
  once(times: number): boolean
  shuffled<T>(list: readonly T[]): T[]
}

/** @param seed a whole number */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const number = (below: number) => Math.floor(next() * below)
  return {
    number,
    one: (list) => list[number(list.length)]!,
    once: (times) => number(times) === 0,
    shuffled: (list) =>
      list
        .map((value) => ({ value, at: next() }))
        .sort((a, b) => a.at - b.at)
        .map(({ value }) => value),
  }
}
