import { deviceKey, systemClock, systemRandom } from '@apsaramq/model'
import { createPathVerifier, inspectCertificate, issueCa, issueDevice, type KeyAndCertificate } from '@apsaramq/pki'
import { X509Certificate } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Connection } from './connection.ts'
import { createGatherer } from './evidence.ts'
import { createKnownChains } from './identity-chains.ts'
import { SessionIndex } from './sessions.ts'
import { startBroker, type BrokerFixture, type TestCa, type TestDevice } from './testing/broker-fixture.ts'
import { accepted, connectPacket, rawClient } from './testing/clients.ts'

const issuing = { clock: systemClock, random: systemRandom }

let fixture: BrokerFixture
beforeEach(async () => {
  fixture = await startBroker()
})
afterEach(() => fixture.close())

/** A device some intermediates below a CA, and what it presents. */
interface ChainedDevice extends TestDevice {
  intermediates: KeyAndCertificate[]
}

async function intermediateOf(ca: KeyAndCertificate, commonName = 'intermediate'): Promise<KeyAndCertificate> {
  return issueCa({ ca, commonName, keyType: 'ec' }, issuing)
}

async function chained(ca: TestCa, count: number, more: { sn?: string } = {}): Promise<ChainedDevice> {
  const intermediates: KeyAndCertificate[] = []
  for (let level = 0; level < count; level += 1) {
    intermediates.unshift(await intermediateOf(intermediates[0] ?? ca, `intermediate ${level}`))
  }
  return under(ca, intermediates, more)
}

async function under(ca: TestCa, intermediates: KeyAndCertificate[], more: { sn?: string } = {}) {
  const issuer = intermediates[0] ?? ca
  const leaf = await issueDevice({ ca: issuer, commonName: 'device', keyType: 'ec', ...more }, issuing)
  const certificate = [leaf, ...intermediates].map((one) => one.certificate).join('')
  const { sn } = inspectCertificate(leaf.certificate)
  return { key: leaf.key, certificate, sn, ca, recordKey: deviceKey(ca.record.id, sn), intermediates }
}

/** A CA made elsewhere, as a record beside the one of the fixture. */
function recordOf(pair: KeyAndCertificate): TestCa {
  const { sn, fingerprint, subject, validFrom, validUntil } = inspectCertificate(pair.certificate)
  const own = { id: `ca-${sn}`, sn, fingerprint, subject, validFrom, validUntil, certificate: pair.certificate }
  return { ...pair, record: { ...fixture.ca.record, ...own } }
}

/** Connects, and says whether it was accepted; the session can be resumed. */
async function attempt(device: TestDevice, options: ConnectionOptions = {}) {
  const client = await rawClient(fixture, device, options)
  const resumed = client.socket.isSessionReused() // a socket that has closed does not know
  client.send(connectPacket())
  const answer = await Promise.race([client.received(accepted.length), client.closed])
  const session = client.session()
  client.socket.destroy()
  return { admitted: answer.equals(accepted), resumed, session }
}

const base64Of = ({ certificate }: KeyAndCertificate) => new X509Certificate(certificate).raw.toString('base64')

describe.each([1, 2])('C2: a device %i intermediates below the registered CA', (count) => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'is admitted over %s, fresh and resumed, until inactivated',
    async (version) => {
      const device = await chained(fixture.ca, count)
      const options = { minVersion: version, maxVersion: version }
      const first = await attempt(device, options)
      expect(first).toMatchObject({ admitted: true, resumed: false })
      expect(await fixture.recordOf(device)).toMatchObject({
        caSn: fixture.ca.record.sn,
        status: 'active',
        chain: device.intermediates.map(base64Of),
      })
      const again = { ...options, session: first.session }
      expect(await attempt(device, again)).toMatchObject({ admitted: true, resumed: true })
      await fixture.setDeviceStatus(device, 'inactive')
      expect(await attempt(device, again)).toMatchObject({ admitted: false, resumed: true })
      expect(await attempt(device, options)).toMatchObject({ admitted: false, resumed: false })
      expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([
        { cause: 'device-inactive', caSn: fixture.ca.record.sn },
        { cause: 'device-inactive', caSn: fixture.ca.record.sn },
      ])
      expect(fixture.log.assumed).toContainEqual({ id: 'A-28', about: device.sn })
    },
  )

  test('is admitted by a listener that starts anew, by a whole handshake', async () => {
    const device = await chained(fixture.ca, count)
    const { session } = await attempt(device)
    const { port } = await fixture.broker.listen('mqtts', { host: '127.0.0.1', port: 0 })
    // the tickets of another listener say nothing to this one: the handshake is whole, and brings the chain
    const client = await rawClient({ ...fixture, port }, device, session ? { session } : {})
    expect(client.socket.isSessionReused()).toBe(false)
    client.send(connectPacket())
    expect(await client.received(accepted.length)).toEqual(accepted)
    client.socket.destroy()
  })

  test('is refused without its chain, and resumed where the chain is known nowhere', async () => {
    const device = await chained(fixture.ca, count)
    const leaf = new X509Certificate(device.certificate).toString()
    expect(await attempt({ ...device, certificate: leaf })).toMatchObject({ admitted: false })
    const handshake = await rawClient(fixture, device)
    handshake.socket.destroy()
    const session = handshake.session()
    expect(await attempt(device, session ? { session } : {})).toMatchObject({ admitted: false, resumed: true })
    const issuer = inspectCertificate(leaf).issuer
    const message = `no registered CA is ${issuer}, the issuer of device certificate ${device.sn} (device)`
    const lost = ', and a resumed TLS session has lost what was sent with it: only a full handshake brings it again'
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([
      { cause: 'ca-unknown', message },
      { cause: 'ca-unknown', message: `${message}${lost}` },
    ])
    expect(await fixture.recordOf(device)).toBeUndefined()
  })
})

test('C4: what came with the first handshake is found in the record when the memory has forgotten it', async () => {
  const device = await chained(fixture.ca, 2)
  await attempt(device)
  const certificate = new X509Certificate(device.certificate)
  const facts = inspectCertificate(certificate)
  const beside = { resumed: true, sent: () => [] }
  const identity = { kind: 'certificate', facts, certificate, beside, issuers: [facts.issuer] } as const
  const gather = createGatherer(createPathVerifier(), createKnownChains(0))
  for (const instanceId of [undefined, 'POST-cn-first']) {
    const question = { identity: { ...identity, issuers: [facts.issuer] }, named: { instanceId, conflict: undefined } }
    expect(await gather(fixture.store.read, question, fixture.clock.now())).toMatchObject({
      ca: { sn: fixture.ca.record.sn },
      device: { sn: device.sn },
      path: { ok: true },
      chain: device.intermediates.map(base64Of),
    })
  }
  const elsewhere = {
    identity: { ...identity, issuers: [] },
    named: { instanceId: 'post-cn-second', conflict: undefined },
  }
  expect(await gather(fixture.store.read, elsewhere, fixture.clock.now())).toMatchObject({
    ca: undefined,
    lead: 'lost',
  })
})

test('C2: of registered CAs the nearest to the device is the one it stands under, and the one whose status counts', async () => {
  const intermediate = recordOf(await intermediateOf(fixture.ca))
  await fixture.registerCa(intermediate)
  const device = await under(intermediate, [intermediate])
  await fixture.setCaStatus(fixture.ca, 'inactive')
  expect(await attempt(device)).toMatchObject({ admitted: true })
  expect(await fixture.recordOf(device)).toMatchObject({ caSn: intermediate.record.sn, caId: intermediate.record.id })
  expect(await fixture.recordOf(device)).not.toHaveProperty('chain')
  await fixture.setCaStatus(fixture.ca, 'active')
  await fixture.setCaStatus(intermediate, 'inactive')
  expect(await attempt(await under(intermediate, [intermediate]))).toMatchObject({ admitted: false })
  expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'ca-inactive', caSn: intermediate.record.sn }])
})

test('C10: an inactive CA keeps a new device out that comes through an intermediate', async () => {
  await fixture.setCaStatus(fixture.ca, 'inactive')
  expect(await attempt(await chained(fixture.ca, 1))).toMatchObject({ admitted: false })
  expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'ca-inactive', caSn: fixture.ca.record.sn }])
})

test('C15: an inactive device does not come back when a CA nearer to it is registered, whatever it sends', async () => {
  const intermediate = recordOf(await intermediateOf(fixture.ca))
  const device = await under(fixture.ca, [intermediate])
  const alone = { ...device, certificate: new X509Certificate(device.certificate).toString() }
  expect(await attempt(device)).toMatchObject({ admitted: true })
  await fixture.setDeviceStatus(device, 'inactive')
  await fixture.registerCa(intermediate)
  expect(await attempt(device)).toMatchObject({ admitted: false })
  expect(await attempt(alone)).toMatchObject({ admitted: false })
  const refusal = { cause: 'device-inactive', caSn: fixture.ca.record.sn }
  expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([refusal, refusal])
  await fixture.setDeviceStatus(device, 'active')
  expect(await attempt(alone)).toMatchObject({ admitted: true })
  expect(await fixture.store.read.deviceCertificates.count('byCa', intermediate.record.id)).toBe(0)
  expect(fixture.log.assumed).toContainEqual({ id: 'A-57', about: device.sn })
})

test('C10: another certificate of a registered serial number is refused, through whichever intermediate it comes', async () => {
  const [first, second] = [await chained(fixture.ca, 1, { sn: '0a0b' }), await chained(fixture.ca, 2, { sn: '0a0b' })]
  expect(await attempt(first)).toMatchObject({ admitted: true })
  expect(await attempt(second)).toMatchObject({ admitted: false })
  expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([
    { cause: 'fingerprint-mismatch', caSn: fixture.ca.record.sn },
  ])
})

test('C10: a chain of which one is no CA, or that leads to nobody, is refused as of an unknown CA', async () => {
  const end = await issueDevice({ ca: fixture.ca, commonName: 'no CA', keyType: 'ec' }, issuing)
  const stranger = await fixture.makeCa()
  expect(await attempt(await chained(stranger, 1))).toMatchObject({ admitted: false })
  const forged = await issueDevice(
    { ca: await intermediateOf(stranger, 'no CA'), commonName: 'd', keyType: 'ec' },
    issuing,
  )
  const device = {
    ...(await chained(fixture.ca, 0)),
    key: forged.key,
    certificate: forged.certificate + end.certificate,
  }
  expect(await attempt(device)).toMatchObject({ admitted: false })
  // OpenSSL does not take what is no CA for the issuer that the client meant
  expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'ca-unknown' }, { cause: 'ca-unknown' }])
})

test('C6: a session whose intermediate expires is told apart, though its own certificate is good', async () => {
  await fixture.close()
  fixture = await startBroker({ expiredSessions: 'drop' })
  const validUntil = Math.floor(fixture.clock.now() / 1000) * 1000 + 3_600_000 // X.509 counts in whole seconds
  const short = await issueCa({ ca: fixture.ca, commonName: 'short', keyType: 'ec', validUntil }, issuing)
  const device = await under(fixture.ca, [short])
  const client = await rawClient(fixture, device)
  client.send(connectPacket())
  await client.received(accepted.length)
  fixture.clock.advance(validUntil - fixture.clock.now())
  await client.closed
  const name = `device certificate ${device.sn} of CA ${fixture.ca.record.sn}`
  const message = `an intermediate CA certificate of ${name} was valid until ${new Date(validUntil).toISOString()}`
  expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ cause: 'certificate-expired', message }])
  expect(await attempt(device)).toMatchObject({ admitted: false })
  expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'certificate-expired' }])
})

test('a waiting connection is found by every CA that it was judged by, and forgotten with its end', () => {
  const index = new SessionIndex()
  const identity = { kind: 'certificate', facts: { fingerprint: 'f', issuer: 'CN=near' }, issuers: ['CN=near'] }
  const connection = { id: '1', identity } as unknown as Connection // of a connection the index reads no more
  index.add(connection)
  expect(index.follow(connection, ['CN=near', 'CN=far'])).toBe(true)
  expect(index.follow(connection, ['CN=near', 'CN=far'])).toBe(false)
  expect(index.waitingByIssuer('CN=far')).toEqual([connection])
  index.remove(connection)
  expect(index.follow(connection, ['CN=farther'])).toBe(false)
  expect(['CN=near', 'CN=far', 'CN=farther'].flatMap((name) => index.waitingByIssuer(name))).toEqual([])
})
