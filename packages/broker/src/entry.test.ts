import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cause } from '@apsaramq/model'
import type { Transport } from './settings.ts'
import {
  firstInstance,
  openInstance,
  ownerSecret,
  startBroker,
  type BrokerFixture,
  type TestDevice,
} from './testing/broker-fixture.ts'
import { connectPacket } from './testing/clients.ts'
import { connectWire, type Port } from './testing/wire.ts'

const transports = ['mqtts', 'wss', 'mqtt', 'ws'] as const
const certificates = ['none', 'active', 'unregistered', 'inactive', 'unknown CA', 'CA of the open one'] as const
const passwords = ['none', 'right', 'wrong'] as const
const namings = ['nothing', 'mutual', 'one-way', 'unknown', 'mutual and one-way', 'one-way and mutual'] as const

interface Row {
  transport: Transport
  /** What server name or Host header, and what the username names; the latter only where there is one. */
  naming: (typeof namings)[number]
  certificate: (typeof certificates)[number]
  password: (typeof passwords)[number]
}

const instances = { nothing: undefined, mutual: firstInstance, 'one-way': openInstance, unknown: 'post-cn-nowhere' }
type Named = keyof typeof instances

/** Names by the network and by the username. */
function namesOf({ naming }: Row): [network: Named, username: Named] {
  if (naming === 'mutual and one-way') return ['mutual', 'one-way']
  if (naming === 'one-way and mutual') return ['one-way', 'mutual']
  return [naming, naming]
}

type Outcome = Cause | 'accepted'

const ofCertificate: Record<Row['certificate'], Outcome> = {
  none: 'no-certificate',
  active: 'accepted',
  unregistered: 'accepted',
  inactive: 'device-inactive',
  'unknown CA': 'ca-unknown',
  'CA of the open one': 'wrong-instance',
}

/** Who gets in, said once more and differently: first where to, then by what. */
function expected(row: Row): Outcome {
  const { transport, password } = row
  const username = password === 'none' ? 'nothing' : namesOf(row)[1]
  const network = transport === 'mqtt' ? 'nothing' : namesOf(row)[0] // plain TCP knows no names
  if (network !== 'nothing' && username !== 'nothing' && network !== username) return 'wrong-instance'
  const to = username === 'nothing' ? network : username
  if (to === 'one-way') return password === 'right' ? 'accepted' : 'bad-credentials'
  if (transport === 'mqtts' || transport === 'wss') return byCertificate(row, to)
  return to === 'mutual' ? 'tls-required' : 'wrong-instance'
}

function byCertificate({ certificate, password }: Row, to: Named): Outcome {
  if (certificate === 'none') return 'no-certificate'
  if (to === 'unknown') return certificate === 'unknown CA' ? 'ca-unknown' : 'wrong-instance'
  if (ofCertificate[certificate] !== 'accepted' || password === 'none') return ofCertificate[certificate]
  return password === 'right' && to === 'mutual' ? 'accepted' : 'bad-credentials'
}

describe('C1 C10: who gets into an instance of mutual TLS, and who into one of one-way TLS', () => {
  let fixture: BrokerFixture
  const ports = {} as Record<Transport, Port>
  const devices = {} as Record<Row['certificate'], TestDevice | undefined>
  beforeAll(async () => {
    fixture = await startBroker()
    for (const transport of transports) {
      const port = transport === 'mqtts' ? fixture.port : await fixture.listen(transport)
      ports[transport] = { port, serverCa: fixture.serverCa }
    }
    Object.assign(devices, await makeDevices(fixture))
  })
  afterAll(() => fixture.close())

  let made = 0
  async function outcomeOf(row: Row): Promise<Outcome> {
    made += 1
    const clientId = `GID_demo@@@${made}`
    const [network, username] = namesOf(row)
    const name = network === 'nothing' ? undefined : `${instances[network]}.mqtt.aliyuncs.com`
    const device = row.certificate === 'unregistered' ? await fixture.makeDevice() : devices[row.certificate]
    const wire = await connectWire(row.transport, ports[row.transport], { device, name })
    wire.send(connectPacket(clientId, credentials(row, clientId, instances[username])))
    const entry = await Promise.race([
      fixture.log.waitFor({ kind: 'connect', clientId }),
      fixture.log.waitFor({ kind: 'refuse', clientId }),
    ])
    wire.socket.destroy()
    return entry.cause ?? 'accepted'
  }

  test.each(transports.flatMap((transport) => namings.map((naming) => ({ transport, naming }))))(
    'by $transport, naming $naming',
    async ({ transport, naming }) => {
      for (const certificate of certificates) {
        for (const password of passwords) {
          const row: Row = { transport, naming, certificate, password }
          expect({ ...row, outcome: await outcomeOf(row) }).toEqual({ ...row, outcome: expected(row) })
        }
      }
    },
  )

  test('nobody was in an instance of mutual TLS without a certificate, or over a connection without TLS', () => {
    const admitted = fixture.log.find({ kind: 'connect', instanceId: firstInstance })
    expect(admitted.length).toBeGreaterThan(10)
    const rightly = admitted.filter(({ deviceSn, message }) => deviceSn && /TLSv1.3\)$/.test(message))
    expect(rightly).toEqual(admitted)
  })

  test('an instance of one-way TLS has registered nothing', async () => {
    expect(await fixture.recordOf(devices['CA of the open one']!)).toBeUndefined()
  })
})

function credentials({ password }: Row, clientId: string, instanceId = ''): object {
  if (password === 'none') return {}
  const secret = password === 'right' ? ownerSecret : 'another'
  const signature = createHmac('sha1', secret).update(clientId).digest('base64')
  return { username: `Signature|LTAIowner|${instanceId}`, password: signature }
}

async function makeDevices(fixture: BrokerFixture): Promise<Record<string, TestDevice>> {
  const open = await fixture.makeCa({ instanceId: openInstance })
  await fixture.registerCa(open)
  const [active, inactive] = [await fixture.makeDevice(), await fixture.makeDevice()]
  for (const device of [active, inactive]) {
    const wire = await connectWire('mqtts', fixture, { device })
    wire.send(connectPacket())
    await wire.received(4)
    wire.socket.destroy()
  }
  await fixture.setDeviceStatus(inactive, 'inactive')
  return {
    active,
    inactive,
    'unknown CA': await fixture.makeDevice({ ca: await fixture.makeCa() }),
    'CA of the open one': await fixture.makeDevice({ ca: open }),
  }
}
