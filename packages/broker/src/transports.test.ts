import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import type { IClientOptions } from 'mqtt'
import type { Transport } from './settings.ts'
import { firstInstance, openInstance, ownerSecret, startBroker, type BrokerFixture } from './testing/broker-fixture.ts'
import { closeOf, messageTo, mqttClient } from './testing/clients.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

const clientId = 'GID_demo@@@device'

function credentials(instanceId: string, secret = ownerSecret): IClientOptions {
  return {
    username: `Signature|LTAIowner|${instanceId}`,
    password: createHmac('sha1', secret).update(clientId).digest('base64'),
  }
}

/** How mqtt.js reaches a transport of the fixture. */
async function by(transport: Transport): Promise<IClientOptions> {
  const port = transport === 'mqtts' ? fixture.port : await fixture.listen(transport)
  return { protocol: transport, host: 'localhost', port, path: '/mqtt' }
}

describe('C1: mqtt.js', () => {
  test.each(['mqtts', 'wss'] as const)('comes by %s with its certificate, hears and is heard', async (transport) => {
    fixture = await startBroker()
    const device = await fixture.makeDevice()
    const client = await mqttClient(fixture, device, await by(transport))
    await client.subscribeAsync('demo/#', { qos: 1 })
    const heard = messageTo(client)
    await client.publishAsync('demo/x', 'y'.repeat(60_000), { qos: 1 })
    expect(await heard).toBe(`demo/x ${'y'.repeat(60_000)}`)
    expect(fixture.store.sessions.list('all')).toMatchObject([
      { clientId, transport, instanceId: firstInstance, deviceSn: device.sn, tlsVersion: 'TLSv1.3', resumed: false },
    ])
  })

  test.each(['mqtts', 'wss', 'mqtt', 'ws'] as const)(
    'comes by %s to an instance of one-way TLS with username and password',
    async (transport) => {
      fixture = await startBroker()
      const client = await mqttClient(fixture, undefined, { ...(await by(transport)), ...credentials(openInstance) })
      await client.subscribeAsync('demo/#', { qos: 1 })
      const heard = messageTo(client)
      await client.publishAsync('demo/x', 'y', { qos: 1 })
      expect(await heard).toBe('demo/x y')
      expect(fixture.store.sessions.list('all')).toMatchObject([
        { clientId, transport, instanceId: openInstance, caId: null, caSn: null, deviceSn: null, fingerprint: null },
      ])
      const end = closeOf(client)
      fixture.store.sessions.delete(fixture.store.sessions.list('all')[0]!.id, 'by hand')
      await end
    },
  )
})
