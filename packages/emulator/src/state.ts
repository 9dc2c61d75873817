import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Clock } from '@apsaramq/model'
import { createMemoryStore, openFileStore, type Store } from '@apsaramq/store'
import { openKeyStore, type KeyStore } from './key-store.ts'
import type { Settings } from './options.ts'

/** The durable state of a run, or what stands for it. */
export interface State {
  /** Absolute path; a temporary folder where the state is ephemeral. */
  directory: string
  store: Store
  keys: KeyStore
  /** Lets go of everything; what is ephemeral is gone. */
  close(): Promise<void>
}

async function openEphemeral(): Promise<State> {
  const directory = await mkdtemp(join(tmpdir(), 'apsaramq-emulator-'))
  const store = createMemoryStore()
  return {
    directory,
    store,
    keys: await openKeyStore(join(directory, 'pki')),
    async close() {
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/**
 * Opens the state of a run.
 *
 * @throws {DataDirectoryError} when the directory belongs to another process, to a newer version, or cannot be used
 */
export async function openState(
  settings: Pick<Settings, 'data' | 'ephemeral'>,
  deps: { clock: Clock; onTrouble(message: string): void },
): Promise<State> {
  if (settings.ephemeral) return openEphemeral()
  const directory = resolve(settings.data)
  const store = await openFileStore({ directory, ...deps })
  return { directory, store, keys: await openKeyStore(join(directory, 'pki')), close: () => store.close() }
}
