import { deviceClient, waitForConnect, waitForMessage, type DeviceClientOptions } from '@apsaramq/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeWith } from '../support/describe-with.ts'
import { target } from '../support/target.ts'
import { mosquittoPub, mosquittoSub, pahoPython } from '../support/tools.ts'
import { withinMs } from './client-process.ts'
import { mosquitto } from './mosquitto.ts'
import type { Seat } from './row.ts'
import { makeSpeaking } from './speaking.ts'
import { mqttJsSpeaker, pahoPythonSpeaker } from './speakers.ts'

const { isOnline, takeSeat, speak, somebody } = makeSpeaking(() => target)

/** mqtt.js with options of its own. */
async function ownClient(options: Partial<DeviceClientOptions>) {
  const { device, topic } = takeSeat()
  const usual = { protocolVersion: 5, reconnectPeriod: 0 } as const
  const client = deviceClient({ endpoints: target, device, ...usual, ...options })
  onTestFinished(() => client.endAsync(true))
  await waitForConnect(client, { withinMs })
  return { client, topic }
}

describe('mqtt.js', () => {
  test('C1: assigns topic aliases by itself, and listeners hear the topics', async () => {
    const { client, topic } = await ownClient({ autoAssignTopicAlias: true })
    const listener = speak(mqttJsSpeaker)
    await listener.connect()
    await listener.subscribe(topic, 1)
    const sent: string[] = []
    client.on('packetsend', (packet) => void (packet.cmd === 'publish' && sent.push(packet.topic)))
    for (const payload of ['1', '2', '3']) await client.publishAsync(topic, payload, { qos: 1 })
    expect(sent).toEqual([topic, '', ''])
    for (const payload of ['1', '2', '3']) expect(await listener.next('message')).toMatchObject({ topic, payload })
  })

  test('C1: with a receive maximum of 1 it has ended with each message of QoS 2 before the next comes', async () => {
    const { client, topic } = await ownClient({ properties: { receiveMaximum: 1 } })
    const packets: string[] = []
    for (const event of ['packetreceive', 'packetsend'] as const) client.on(event, ({ cmd }) => void packets.push(cmd))
    await client.subscribeAsync(topic, { qos: 2 })
    const other = await somebody()
    const last = waitForMessage(client, ({ payload }) => payload.toString() === 'last', { withinMs })
    packets.length = 0
    for (const payload of [...Array<string>(19).fill('x'), 'last']) other.publish({ topic, payload, qos: 2 })
    await last // it is there with its PUBREL
    const steps = ['publish', 'pubrec', 'pubrel', 'pubcomp']
    expect(packets.slice(0, 4 * 19)).toEqual(Array.from({ length: 19 }, () => steps).flat())
  })

  test('C1: a topic alias beyond the maximum it refuses by itself, as the CONNACK told it', async () => {
    const client = speak(mqttJsSpeaker)
    await client.connect()
    client.publish({ topic: client.seat.topic, payload: 'x', qos: 0, properties: { TopicAlias: 11 } })
    expect(await client.next('unsent')).toMatchObject({ reason: 'Sending Topic Alias out of range' })
  })
})

describeWith(pahoPython, 'Paho Python', () => {
  test('C1: a topic alias beyond the maximum ends its connection with reason 148', async () => {
    const client = speak(pahoPythonSpeaker)
    await client.connect()
    client.publish({ topic: client.seat.topic, payload: 'x', qos: 1, properties: { TopicAlias: 11 } })
    expect(await client.next('disconnect')).toMatchObject({ code: 148 })
  })
})

const listen = (what: string[], seat = takeSeat()) => {
  const child = mosquitto('mosquitto_sub', seat, ['-d', ...what])
  onTestFinished(() => child.stop())
  return { child, seat, subscribed: () => child.tells('the subscription', /^Subscribed/) }
}
const publish = (seat: Seat, what: string[]) =>
  mosquitto('mosquitto_pub', { ...takeSeat(), topic: seat.topic }, what).end()

describeWith(mosquittoPub.path === undefined ? mosquittoPub : mosquittoSub, 'mosquitto', () => {
  test('C1: carries all properties, and the subscription it came for', async () => {
    const { child, seat, subscribed } = listen([
      '-q',
      '1',
      '-D',
      'subscribe',
      'subscription-identifier',
      '7',
      '-F',
      'm %S %E %C %R %D %P %p',
    ])
    await subscribed()
    const properties = [
      ['message-expiry-interval', '100'],
      ['content-type', 'text/plain'],
      ['response-topic', 'demo/answers'],
      ['correlation-data', 'question'],
      ['user-property', 'site', 'b'],
    ].flatMap((property) => ['-D', 'publish', ...property])
    expect(await publish(seat, ['-q', '1', '-m', 'hello', ...properties])).toBe('(exit 0)')
    expect(await child.tells('the message', /^m /)).toBe('m 7 100 text/plain demo/answers question site:b hello')
  })

  test('C8: a session that outlives its connection has what came meanwhile', async () => {
    const seat = takeSeat()
    const lasting = ['-c', '-x', '3600', '-q', '1']
    expect(await listen([...lasting, '-E'], seat).child.end()).toMatch(/^Subscribed \(mid: 1\): 1$[^]*\(exit 0\)$/m)
    expect(await publish(seat, ['-q', '1', '-m', 'meanwhile'])).toBe('(exit 0)')
    const told = await listen([...lasting, '-C', '1', '-F', 'm %p'], seat).child.end()
    expect(told).toMatch(/^m meanwhile$[^]*\(exit 0\)$/m)
  })

  test('C1: with a receive maximum of 1 it has ended with each message of QoS 2 before the next comes', async () => {
    const { child, seat, subscribed } = listen(['-q', '2', '-D', 'connect', 'receive-maximum', '1', '-C', '20'])
    await subscribed()
    const other = await somebody() // who does not wait between them
    for (let count = 0; count < 20; count += 1) other.publish({ topic: seat.topic, payload: 'x', qos: 2 })
    const packets = (await child.end()).match(/received PUBLISH|sending PUBREC|received PUBREL|sending PUBCOMP/g)
    const steps = ['received PUBLISH', 'sending PUBREC', 'received PUBREL', 'sending PUBCOMP']
    expect(packets).toEqual(Array.from({ length: 20 }, () => steps).flat())
  })

  test('C8: a shared subscription is denied', async () => {
    const { child } = listen([], { ...takeSeat(), topic: '$share/some/demo/a' })
    expect(await child.end()).toMatch(/^Subscribed \(mid: 1\): 158$[^]*^All subscription requests were denied\.$/m)
  })

  test('C8: takes the retain flag off by itself, as the CONNACK told it', async () => {
    expect(await publish(takeSeat(), ['-r', '-m', 'x', '-q', '1', '-d'])).toMatch(/sending PUBLISH \(d0, q1, r0, m1/)
  })

  test('C8: in MQTT 5 its will is left aside, in 3.1.1 it is published', async () => {
    const listener = await somebody()
    for (const [protocol, ends] of [
      ['3.1.1', ['will', 'marker']],
      ['5', ['marker']],
    ] as const) {
      const seat = takeSeat(protocol)
      await listener.subscribe(`${seat.topic}/#`, 1)
      const { child, subscribed } = listen(
        ['--will-topic', `${seat.topic}/end`, '--will-payload', 'will', '--will-qos', '1'],
        seat,
      )
      await subscribed()
      await child.stop()
      await expect.poll(() => isOnline(seat.device), { timeout: 30_000 }).toBe(false)
      listener.publish({ topic: `${seat.topic}/end`, payload: 'marker', qos: 1 })
      for (const payload of ends) expect((await listener.next('message')).payload).toBe(payload)
    }
  })
})
