import { expect, it } from 'vitest'
import type { SessionChange } from '../store.ts'
import { sampleSession } from '../testing/sample-records.ts'
import { withStore, type OpenedStore } from './opened-store.ts'

/** The live sessions. */
export function describeSessions(open: () => Promise<OpenedStore>): void {
  it('finds sessions by client, device and CA, oldest first', () =>
    withStore(open, async ({ store: { sessions } }) => {
      const one = sampleSession('s-1')
      const two = sampleSession('s-2', { clientId: 'GID_demo@@@two', deviceSn: '0B02' })
      const plain = sampleSession('s-3', { caId: null, caSn: null, deviceSn: null, fingerprint: null })
      for (const session of [one, two, plain]) sessions.put(session)
      expect(sessions.list('all')).toEqual([one, two, plain])
      expect(sessions.list('byClient', 'post-cn-emulator001/GID_demo@@@one')).toEqual([one, plain])
      expect(sessions.list('byDevice', 'ca-1/b02')).toEqual([two])
      expect(sessions.list('byCa', 'ca-1')).toEqual([one, two])
      expect(sessions.list('byCa', 'ca-2')).toEqual([])
      expect(sessions.get('s-2')).toEqual(two)
      expect(sessions.count()).toBe(3)
    }))

  it('publishes sessions that come, change and go, with the reason and the call that asked for it', () =>
    withStore(open, async ({ store: { sessions } }) => {
      const changes: SessionChange[] = []
      const leave = sessions.subscribe((change) => changes.push(change))
      const one = sampleSession('s-1')
      const moved = sampleSession('s-1', { clientId: 'GID_demo@@@two' })
      sessions.put(one)
      sessions.put(moved)
      const by = { at: 7, accessKeyId: 'LTAI1', requestId: 'R-1' }
      sessions.delete('s-1', 'kicked', by)
      sessions.delete('s-1')
      leave()
      sessions.put(one)
      expect(changes).toEqual([
        { before: undefined, after: one, reason: undefined, by: undefined },
        { before: one, after: moved, reason: undefined, by: undefined },
        { before: moved, after: undefined, reason: 'kicked', by },
      ])
      expect(sessions.list('byClient', 'post-cn-emulator001/GID_demo@@@two')).toEqual([])
    }))

  it('lets a listener delete sessions while it is told of one', () =>
    withStore(open, async ({ store: { sessions } }) => {
      sessions.put(sampleSession('s-1'))
      sessions.put(sampleSession('s-2'))
      sessions.subscribe(({ before }) => {
        if (before?.id === 's-1') sessions.delete('s-2', 'taken along')
      })
      sessions.delete('s-1')
      expect(sessions.list('all')).toEqual([])
      expect(sessions.list('byCa', 'ca-1')).toEqual([])
    }))

  it('keeps sessions apart from a reset', () =>
    withStore(open, async ({ store }) => {
      store.sessions.put(sampleSession('s-1'))
      await store.reset({})
      expect(store.sessions.count()).toBe(1)
    }))
}
