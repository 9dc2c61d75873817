import { waitWithin, type WaitOptions } from '@apsaramq/testkit'

/** Lines in the order in which they came, and a way to wait for the next that matters. */
export interface Transcript {
  add(line: string): void
  lines(): string[]
  /** The first line from `from` on that `matches`, once there is one. @throws {DeadlineError} with all lines */
  waitFor(what: string, matches: (line: string) => boolean, options?: WaitOptions & { from?: number }): Promise<string>
}

/** Makes an empty transcript. */
export function transcript(name: string): Transcript {
  const lines: string[] = []
  const listeners = new Set<() => void>()
  return {
    add(line) {
      lines.push(line)
      for (const listener of listeners) listener()
    },
    lines: () => [...lines],
    waitFor: (what, matches, { from = 0, ...options } = {}) =>
      waitWithin<string>(
        { withinMs: 15_000, ...options },
        ({ resolve }) => {
          const look = () => {
            const found = lines.slice(from).find(matches)
            if (found !== undefined) resolve(found)
          }
          listeners.add(look)
          look()
          return () => void listeners.delete(look)
        },
        (withinMs) => `${name}: waited ${withinMs} ms for ${what}; it told: ${lines.join(' | ') || 'nothing'}`,
      ),
  }
}
