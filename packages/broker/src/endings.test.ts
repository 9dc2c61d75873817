import { setImmediate as nextTurn } from 'node:timers/promises'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { manualClock, type Session } from '@apsaramq/model'
import { createMemoryStore } from '@apsaramq/store'
import type { Connection } from './connection.ts'
import type { Link } from './link.ts'
import { Endings } from './endings.ts'
import { SessionIndex } from './sessions.ts'
import { createMemoryLog } from './testing/memory-log.ts'

const settings = {
  liveSessions: { kind: 'drop' },
  rejectAt: 'cut',
  caStatus: 'documented',
  expiredSessions: 'stay',
  willOnDrop: 'suppress',
  strict: true,
  connectTimeoutMs: 1,
  maxPacketBytes: 1,
  regionId: 'cn-hangzhou',
} as const

function sessionOf(id: string): Session {
  return {
    id,
    instanceId: 'post-cn-first',
    clientId: `GID_demo@@@${id}`,
    caId: 'ca-1',
    caSn: '01',
    deviceSn: id,
    fingerprint: id,
    protocol: 'mqtt3.1.1',
    transport: 'mqtts',
    tlsVersion: 'TLSv1.3',
    resumed: false,
    remoteAddress: '127.0.0.1',
    connectedAt: 0,
  }
}

/** Nothing is sent over it: it is only seen whether it has been cut. */
function liveConnection(cut: Set<string>, id: string): Connection {
  const link: Link = {
    transport: 'mqtts',
    remoteAddress: '127.0.0.1',
    serverName: undefined,
    tlsVersion: 'TLSv1.3',
    resumed: false,
    cut: () => void cut.add(id),
    finish: () => undefined,
  }
  return {
    id,
    stream: new PassThrough(),
    link,
    identity: undefined,
    stage: 'live',
    disturbed: false,
    clientId: `GID_demo@@@${id}`,
    level: 4,
    maxAnswerBytes: Infinity,
    admitted: undefined,
    ending: undefined,
    stopWaiting: () => undefined,
  }
}

test('C9: of a CA with many sessions none is accepted any more at once, and the sockets go in slices of 200', async () => {
  const store = createMemoryStore()
  const log = createMemoryLog()
  const index = new SessionIndex()
  const endings = new Endings({ store, clock: manualClock(0), log, assume: log.assume, settings }, index)
  const cut = new Set<string>()
  const connections = Array.from({ length: 450 }, (_, at) => liveConnection(cut, `${at}`))
  for (const connection of connections) {
    const session = sessionOf(connection.id)
    store.sessions.put(session)
    index.add(connection)
    index.admit(connection, {
      session,
      instanceId: session.instanceId,
      accountId: '1',
      deviceKey: `ca-1/${connection.id}`,
      expiry: { at: 0, of: 'device' },
      clean: true,
    })
  }

  endings.drop(index.liveByCa('ca-1'), { cause: 'ca-deleted', message: 'gone' }, 'suppressed')
  expect(connections.every(({ ending }) => ending?.cause === 'ca-deleted')).toBe(true)
  expect([store.sessions.count(), index.all().length, log.find({ kind: 'drop' }).length, cut.size]).toEqual([
    0, 0, 450, 200,
  ])
  await nextTurn()
  expect(cut.size).toBe(400)
  await nextTurn()
  expect(cut.size).toBe(450)
  await store.close()
})
