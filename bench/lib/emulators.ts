import { withEmulator, type RunningEmulator } from './emulator.ts'

/** Runs `body` beside an emulator that has these flags and a data directory of its own. */
export type EmulatorRunner = <T>(
  flags: readonly string[],
  body: (emulator: RunningEmulator) => Promise<T>,
) => Promise<T>

/**
 * Emulators that are kept until the end for whoever asks for the same flags again: starting one is what takes most
 * of the time where nothing is to be measured.
 */
export async function withSharedEmulators<T>(body: (run: EmulatorRunner) => Promise<T>): Promise<T> {
  const running = new Map<string, Promise<RunningEmulator>>()
  const ended: Promise<void>[] = []
  let release!: () => void
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const start = (flags: readonly string[]) =>
    new Promise<RunningEmulator>((resolve, reject) => {
      const run = withEmulator(flags, (emulator) => {
        resolve(emulator)
        return released
      })
      run.catch(reject)
      ended.push(run)
    })
  try {
    return await body(async (flags, use) => {
      const key = flags.join(' ')
      const emulator = running.get(key) ?? start(flags)
      running.set(key, emulator)
      return use(await emulator)
    })
  } finally {
    release()
    await Promise.all(ended)
  }
}

/** A fresh emulator each time, as measuring wants it. */
export const freshEmulator: EmulatorRunner = (flags, body) => withEmulator(flags, body)
