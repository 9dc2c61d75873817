import { setImmediate as nextTurn } from 'node:timers/promises'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
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

/** Endings, live connections in their index, and which of them have been cut. */
function liveOnes(count: number) {
  const [store, log, index] = [createMemoryStore(), createMemoryLog(), new SessionIndex()]
  const endings = new Endings({ store, clock: manualClock(), log, assume: log.assume, settings }, index)
  const cut = new Set<string>()
  const connections = Array.from({ length: count }, (_, at) => liveConnection(cut, `${at}`))
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
  const left = () => [store.sessions.count(), index.all().length]
  return { endings, index, cut, connections, log, store, left, drops: () => log.find({ kind: 'drop' }).length }
}

const gone = { cause: 'ca-deleted', message: 'gone' } as const

test('C9: of a CA with many sessions none is accepted any more at once, and the sockets go in slices of 50', async () => {
  const { endings, index, cut, connections, store, left, drops } = liveOnes(120)
  endings.drop(index.liveByCa('ca-1'), gone, 'suppressed', 'in-slices')
  expect(connections.every(({ ending }) => ending?.cause === 'ca-deleted')).toBe(true)
  expect([left(), cut.size, drops()]).toEqual([[0, 0], 50, 50])
  await nextTurn()
  expect([cut.size, drops()]).toEqual([100, 100])
  await nextTurn()
  expect([cut.size, drops()]).toEqual([120, 120])
  await store.close()
})

test('C9: while a CA with 1,000 sessions is ended, another client is answered between the slices', async () => {
  const { endings, index, cut, store } = liveOnes(1000)
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(client, 'connect')
  client.write('ping')
  const answered = once(client, 'data')
  endings.drop(index.liveByCa('ca-1'), gone, 'suppressed', 'in-slices')
  await answered
  expect(cut.size).toBeGreaterThanOrEqual(50)
  expect(cut.size).toBeLessThan(1000)
  while (cut.size < 1000) await nextTurn()
  client.destroy()
  server.close()
  await store.close()
})

test('C7: of a device all sockets are ended when the drop returns, however many', async () => {
  const { endings, connections, cut, store, left, drops } = liveOnes(300)
  endings.drop(connections, gone, 'suppressed')
  expect([left(), cut.size, drops()]).toEqual([[0, 0], 300, 300])
  await store.close()
})

test('one that closes by itself before its slice has come is told once, as dropped', async () => {
  const { endings, connections, cut, log, store } = liveOnes(60)
  endings.drop(connections, gone, 'suppressed', 'in-slices')
  endings.closed(connections[59]!)
  await nextTurn()
  expect(cut.size).toBe(60)
  expect(log.entries.map(({ kind }) => kind)).toEqual(Array.from({ length: 60 }, () => 'drop'))
  await store.close()
})

test('each can be ended for a reason of its own, and only those that are live', async () => {
  const { endings, connections, log, store } = liveOnes(3)
  endings.closed(connections[1]!)
  endings.dropByForce(connections, ({ id }) => ({ cause: 'kicked', message: `number ${id}` }))
  expect(log.entries.map(({ kind, message }) => [kind, message])).toEqual([
    ['disconnect', 'the connection closed without DISCONNECT'],
    ['drop', 'number 0'],
    ['drop', 'number 2'],
  ])
  await store.close()
})
