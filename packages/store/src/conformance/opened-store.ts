import type { CollectionName, RecordOf } from '../collections.ts'
import type { Store } from '../store.ts'

/** A store under test and, where its driver has a disk, what can be done to that. */
export interface OpenedStore {
  store: Store
  /** Opens it again after it was closed; absent where nothing outlives the process. */
  reopen?: () => Promise<Store>
  /** Makes every write fail, or work again; absent where none can fail. */
  failWrites?: (failing: boolean) => void
}

/** Runs a test on a store of its own and closes it. */
export async function withStore(open: () => Promise<OpenedStore>, test: (opened: OpenedStore) => Promise<void>) {
  const opened = await open()
  try {
    await test(opened)
  } finally {
    await opened.store.close()
  }
}

/** Puts records in one transaction. */
export async function put<C extends CollectionName>(store: Store, collection: C, ...records: RecordOf<C>[]) {
  await store.transact((tx) => {
    for (const record of records) tx[collection].put(record)
  })
}
