import { unlimited, withEmulator, type RunningEmulator } from './emulator.ts'
import { heapProbe, type Heap } from './heap.ts'
import { withFleets, type Fleet, type FleetsWanted } from './tenants.ts'

/** Where scenarios get the emulators from that need no directory of their own. */
export interface Emulators {
  /** Runs `body` beside an emulator that has these flags and a data directory of its own. */
  withEmulator<T>(flags: readonly string[], body: (emulator: RunningEmulator) => Promise<T>): Promise<T>
  /** The same, with a way to look into its memory. */
  withProbedEmulator<T>(flags: readonly string[], body: (...probed: Probed) => Promise<T>): Promise<T>
  /** Runs `body` beside an emulator with accounts that have devices; there may be more of both than were asked for. */
  withFleets<T>(wanted: FleetsWanted, body: (emulator: RunningEmulator, fleets: Fleet[]) => Promise<T>): Promise<T>
}

/** A fresh emulator each time, as measuring wants it. */
export const freshEmulators: Emulators = {
  withEmulator: (flags, body) => withEmulator(flags, body),
  withProbedEmulator(flags, body) {
    const probe = heapProbe()
    return withEmulator(flags, (emulator) => body(emulator, probe.look), probe.extras)
  },
  withFleets,
}

/** Things that are made when they are first asked for and kept until they are let go of, all at once. */
class Kept {
  readonly #made = new Map<string, Promise<unknown>>()
  readonly #ended: Promise<void>[] = []
  readonly #released: Promise<void>
  release!: () => void

  constructor() {
    this.#released = new Promise((resolve) => {
      this.release = resolve
    })
  }

  /** @param make runs its body beside what it makes */
  get<R>(key: string, make: (body: (made: R) => Promise<void>) => Promise<void>): Promise<R> {
    const known = this.#made.get(key) as Promise<R> | undefined // the key stands for the type
    if (known) return known
    const made = new Promise<R>((resolve, reject) => {
      const run = make((one) => {
        resolve(one)
        return this.#released
      })
      run.catch(reject)
      this.#ended.push(run)
    })
    this.#made.set(key, made)
    return made
  }

  async end(): Promise<void> {
    this.release()
    await Promise.all(this.#ended)
  }
}

type Probed = [emulator: RunningEmulator, look: () => Promise<Heap>]

/** Nothing is to be measured: what was closed needs no time to be let go of. */
function keepProbed(flags: readonly string[], run: (made: Probed) => Promise<void>): Promise<void> {
  const probe = heapProbe(0)
  return withEmulator(flags, (emulator) => run([emulator, probe.look]), probe.extras)
}

/**
 * Emulators that serve whoever asks for the same again: starting one is what takes most of the time where nothing is
 * to be measured. One without a limit serves those, too, who ask for no flags: they call too seldom to meet it.
 *
 * @param largest fleets that are enough for all
 * @param ahead start them at once, while something else is waited for; else when they are first asked for
 */
export async function withSharedEmulators<T>(
  { largest, ahead }: { largest: FleetsWanted; ahead: boolean },
  body: (emulators: Emulators) => Promise<T>,
): Promise<T> {
  const kept = new Kept()
  const probed = (flags: readonly string[]) => {
    const served = flags.length === 0 ? unlimited : flags
    return kept.get<Probed>(served.join(' '), (run) => keepProbed(served, run))
  }
  const keepFleets = (run: (made: [RunningEmulator, Fleet[]]) => Promise<void>) =>
    withFleets(largest, (emulator, fleets) => run([emulator, fleets]))
  const fleets = () => kept.get('fleets', keepFleets)
  if (ahead) for (const made of [fleets(), probed(unlimited)]) made.catch(() => undefined) // who asks for it is told
  try {
    return await body({
      withEmulator: async (flags, use) => use((await probed(flags))[0]),
      withProbedEmulator: async (flags, use) => use(...(await probed(flags))),
      withFleets: async (_wanted, use) => use(...(await fleets())),
    })
  } finally {
    await kept.end()
  }
}
