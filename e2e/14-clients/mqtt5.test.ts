import { expect, test } from 'vitest'
import { describeWith } from '../support/describe-with.ts'
import { expectExplained } from '../support/explained.ts'
import { target } from '../support/target.ts'
import { makeSpeaking } from './speaking.ts'
import { speakers } from './speakers.ts'

const { isOnline, takeSeat, speak, somebody } = makeSpeaking(() => target)

for (const kind of speakers) {
  describeWith(kind.tool, kind.name, () => {
    test('C1 C8: is told the terms', async () => {
      const { properties, code } = await speak(kind).connect({ keepAlive: 480 })
      expect({ code, properties }).toEqual({
        code: 0,
        properties: {
          ReceiveMaximum: 1000,
          TopicAliasMaximum: 10,
          RetainAvailable: 0,
          MaximumPacketSize: 131_072,
          WildcardSubscriptionAvailable: 1,
          SubscriptionIdentifierAvailable: 1,
          SharedSubscriptionAvailable: 0,
        },
      })
    })

    test('C16: is told to keep alive within 480 seconds where it asks for 600', async () => {
      const { properties } = await speak(kind).connect({ keepAlive: 600 })
      expect(properties).toMatchObject({ ServerKeepAlive: 480 })
    })

    test('C8: a session that outlives its connection has what came meanwhile, and not what has expired', async () => {
      const [client, other] = [speak(kind), await somebody()]
      const lasting = { clean: false, properties: { SessionExpiryInterval: 60 } }
      expect(await client.connect(lasting)).toMatchObject({
        present: false,
        properties: { SessionExpiryInterval: 600 },
      })
      expect(await client.subscribe(client.seat.topic, 1)).toBe(1)
      await client.leave()
      const { topic } = client.seat
      other.publish({ topic, payload: 'expired', qos: 1, properties: { MessageExpiryInterval: 0 } })
      other.publish({ topic, payload: 'waiting', qos: 1, properties: { MessageExpiryInterval: 3600 } })
      for (let count = 0; count < 2; count += 1) await other.next('published')
      expect(await client.connect(lasting)).toMatchObject({ present: true })
      const { payload, properties } = await client.next('message')
      expect(payload).toBe('waiting')
      expect(properties.MessageExpiryInterval).toBeGreaterThan(3000)
      expect(properties.MessageExpiryInterval).toBeLessThanOrEqual(3600)
      await client.leave()
      expect(await client.connect({ clean: true })).toMatchObject({ present: false })
    })

    test('C1: topic aliases stand for their topics', async () => {
      const [client, listener] = [speak(kind), speak(kind)]
      const { topic } = listener.seat
      await listener.connect()
      await listener.subscribe(topic, 0)
      await client.connect()
      client.publish({ topic, payload: 'named', qos: 0, properties: { TopicAlias: 10 } })
      client.publish({ topic: '', payload: 'by alias', qos: 0, properties: { TopicAlias: 10 } })
      for (const payload of ['named', 'by alias']) {
        expect(await listener.next('message')).toMatchObject({ topic, payload, properties: {} })
      }
    })

    test('C1: a message names the subscriptions it came for', async () => {
      const client = speak(kind)
      const { topic } = client.seat
      await client.connect()
      await client.subscribe(topic, 1, { SubscriptionIdentifier: 268_435_455 })
      client.publish({ topic, payload: 'x', qos: 1 })
      expect((await client.next('message')).properties).toEqual({ SubscriptionIdentifier: [268_435_455] })
    })

    test('C1: a request goes out with all its properties, and its answer comes back', async () => {
      const [client, answering] = [speak(kind), await somebody()]
      const { topic } = client.seat
      await client.connect()
      await client.subscribe(`${topic}/answers`, 1)
      await answering.subscribe(`${topic}/questions`, 1)
      const question = {
        PayloadFormatIndicator: 1,
        MessageExpiryInterval: 100,
        ContentType: 'text/plain',
        ResponseTopic: `${topic}/answers`,
        CorrelationData: 'question 1',
        UserProperty: [['site', 'b']],
      }
      client.publish({ topic: `${topic}/questions`, payload: 'how much?', qos: 1, properties: question })
      const { payload, properties } = await answering.next('message')
      expect({ payload, properties }).toEqual({ payload: 'how much?', properties: question })
      const { CorrelationData, UserProperty } = properties
      answering.publish({
        topic: String(properties.ResponseTopic),
        payload: '42',
        qos: 1,
        properties: { CorrelationData, UserProperty },
      })
      expect(await client.next('message')).toMatchObject({
        payload: '42',
        properties: { CorrelationData: 'question 1', UserProperty: [['site', 'b']] },
      })
    })

    test('C8: a shared subscription is answered with 158, and the others of the client go on', async () => {
      const client = speak(kind)
      const { topic } = client.seat
      await client.connect()
      expect(await client.subscribe(`$share/some/${topic}`, 1)).toBe(158)
      expect(await client.subscribe(topic, 1)).toBe(1)
      client.publish({ topic, payload: 'own', qos: 1 })
      expect((await client.next('message')).payload).toBe('own')
    })

    test.each([
      ['a retained publication', 154, { retain: true, payload: 'x' }],
      ['a topic that is not there', 135, { payload: 'x', topic: 'nowhere/at/all' }],
    ])('C8: %s ends the connection with reason %i', async (_, code, publication) => {
      const client = speak(kind)
      await client.connect()
      client.publish({ topic: client.seat.topic, qos: 1, ...publication })
      expect(await client.next('disconnect')).toMatchObject({ code })
    })

    test('C8: a packet beyond the maximum ends the connection, with reason 149 where it reads on', async () => {
      const client = speak(kind)
      const { topic, device } = client.seat
      await client.connect()
      client.publish({ topic, payload: 'x'.repeat(1_000_000), qos: 1 })
      // its write fails where the connection ends in the middle, and what is there to be read is lost with that
      const end = await client.next('(disconnect|failed|closed)')
      expect(end.event === 'disconnect' ? end.code : 149).toBe(149)
      await expectExplained({ clientId: device.clientId }, 'packet-too-large')
    })

    test('C10: who is taken over is told 142', async () => {
      const seat = takeSeat()
      const [first, second] = [speak(kind, seat), speak(kind, seat)]
      await first.connect()
      await second.connect()
      expect(await first.next('disconnect')).toMatchObject({ code: 142 })
    })

    test('C8: its will is left aside, and it is admitted', async () => {
      const [client, listener] = [speak(kind), await somebody()]
      const { topic, device } = client.seat
      await listener.subscribe(topic, 1)
      expect(await client.connect({ will: { topic, payload: 'will', qos: 1 } })).toMatchObject({ code: 0 })
      await client.close()
      await expect.poll(() => isOnline(device), { timeout: 30_000 }).toBe(false)
      listener.publish({ topic, payload: 'marker', qos: 1 })
      expect((await listener.next('message')).payload).toBe('marker')
    })

    test('C1: a message longer than the packets it takes is not for it, the next one is', async () => {
      const [client, other] = [speak(kind), await somebody()]
      const { topic } = client.seat
      await client.connect({ properties: { MaximumPacketSize: 200 } })
      await client.subscribe(topic, 1)
      other.publish({ topic, payload: 'x'.repeat(200), qos: 1 })
      other.publish({ topic, payload: 'short', qos: 1 })
      expect((await client.next('message')).payload).toBe('short')
    })
  })
}
