import { afterEach, describe, expect, test } from 'vitest'
import { startBroker, type BrokerFixture, type TestDevice } from './testing/broker-fixture.ts'
import { closeOf, mqttClient } from './testing/clients.ts'
import { comeBack, otherClient, subscribe } from './testing/persistent-client.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

const clientId = 'GID_demo@@@victim'
const will = { topic: 'demo/will', payload: Buffer.from('gone'), qos: 1 as const, retain: false }

/** The ways in which a live session is ended by force, and back to where its device may come again. */
const ways = {
  inactivation: {
    end: (device: TestDevice) => fixture.setDeviceStatus(device, 'inactive'),
    undo: (device: TestDevice) => fixture.setDeviceStatus(device, 'active'),
  },
  'inactivation of the CA': {
    end: ({ ca }: TestDevice) => fixture.setCaStatus(ca, 'inactive'),
    undo: ({ ca }: TestDevice) => fixture.setCaStatus(ca, 'active'),
  },
  kick: {
    async end() {
      const [session] = fixture.store.sessions.list('byClient', `post-cn-first/${clientId}`)
      fixture.store.sessions.delete(session!.id, 'CloseConnection')
    },
    undo: async () => undefined,
  },
  deletion: { end: (device: TestDevice) => fixture.deleteDevice(device), undo: async () => undefined },
  'deletion of the CA': {
    end: ({ ca }: TestDevice) => fixture.deleteCa(ca),
    undo: ({ ca }: TestDevice) => fixture.registerCa({ ...ca, record: { ...ca.record, id: 'ca-again' } }),
  },
}
type Way = keyof typeof ways

const rows = (Object.keys(ways) as Way[]).flatMap((way) =>
  (['suppress', 'publish'] as const).flatMap((willOnDrop) =>
    ([false, true] as const).map((clean) => ({
      way,
      willOnDrop,
      clean,
      isWillHeard: willOnDrop === 'publish',
      isQueueKept: !clean && !way.startsWith('deletion'),
    })),
  ),
)

describe('C8: a session ended by force', () => {
  test.each(rows)(
    'by $way, will-on-drop $willOnDrop, clean $clean: will $isWillHeard, queue $isQueueKept',
    async ({ way, willOnDrop, clean, isWillHeard, isQueueKept }) => {
      fixture = await startBroker({ willOnDrop, caStatus: 'strict' })
      const ca = await fixture.makeCa()
      await fixture.registerCa(ca)
      const listener = await otherClient(fixture, 'listener')
      const heard: string[] = []
      listener.on('message', (topic) => heard.push(topic))
      await listener.subscribeAsync('demo/#', { qos: 1 })
      const device = await fixture.makeDevice({ ca })
      const end = closeOf(await subscribe(fixture, device, clientId, { clean, will }))
      await ways[way].end(device)
      await end
      await listener.publishAsync('demo/queued', '', { qos: 1 })
      await ways[way].undo(device)
      expect(await comeBack(fixture, device, clientId, listener)).toEqual({
        sessionPresent: isQueueKept,
        waited: isQueueKept ? ['demo/queued'] : [],
      })
      expect(heard.filter((topic) => topic === 'demo/will')).toEqual(isWillHeard ? ['demo/will'] : [])
      expect(fixture.log.assumed.filter(({ id }) => id === 'A-15')).toEqual([{ id: 'A-15', about: clientId }])
    },
  )
})

describe('C6: CloseConnection', () => {
  test.each([{ kind: 'drop' }, { kind: 'keep' }, { kind: 'delay', delayMs: 1000, jitterMs: 1000 }] as const)(
    'is the documented kick, under $kind too, and an active device comes back',
    async (liveSessions) => {
      fixture = await startBroker({ liveSessions })
      const device = await fixture.makeDevice()
      const end = closeOf(await mqttClient(fixture, device, { clientId }))
      await ways.kick.end()
      expect(fixture.store.sessions.count()).toBe(0)
      await end
      expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'kicked', clientId }])
      const again = await mqttClient(fixture, device, { clientId })
      fixture.clock.advance(10_000)
      await again.publishAsync('demo', 'still here', { qos: 1 })
    },
  )
})
