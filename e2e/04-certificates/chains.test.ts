import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deviceClient, waitForConnect, waitForDisconnect, waitForRefusal } from '@apsaramq/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { deleteLater, makeDevice, registerCa, type Device, type RegisteredCa } from '../support/certificates.ts'
import { describeWith } from '../support/describe-with.ts'
import { expectExplained } from '../support/explained.ts'
import { day, issueUnder, type Issued, type Wish } from '../support/openssl.ts'
import { ownerClient, target, topic, unique } from '../support/target.ts'
import { connectPacket, openTls, type TlsIdentity } from '../support/tls-attempt.ts'
import { mosquittoPub } from '../support/tools.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
})
const client = ownerClient()
afterAll(async () => {
  client.close()
  await rm(directory, { recursive: true, force: true })
})

const MqttInstanceId = target.instanceId
const caExtensions = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
  'authorityKeyIdentifier=keyid',
]

/** Intermediates below a CA, the nearest to the CA first, each with what is asked of it. */
async function intermediatesOf(ca: Issued, ...wishes: Partial<Wish>[]): Promise<Issued[]> {
  const chain: Issued[] = []
  for (const wish of wishes) {
    const commonName = unique('intermediate-')
    chain.push(await issueUnder(chain.at(-1) ?? ca, { commonName, extensions: caExtensions, ...wish }))
  }
  return chain
}

/** A device below them, that sends what stands between itself and the CA. */
async function deviceBelow(ca: RegisteredCa, intermediates: readonly Issued[], wish: Partial<Wish> = {}) {
  const device = await makeDevice({ ...(intermediates.at(-1) ?? ca), caSn: ca.caSn }, wish)
  const chain = [device, ...intermediates.toReversed()].map(({ cert }) => cert).join('')
  return { ...device, chain }
}

async function devicesOf(CaSn: string): Promise<{ DeviceSn: string; DeviceName: string; Status: string }[]> {
  const page = { MqttInstanceId, CaSn, PageNo: '1', PageSize: '100' }
  const { body } = await client.call('ListDeviceCertificateByCaSn', page)
  return (body.Data as { DeviceCertificateVOS: { DeviceSn: string; DeviceName: string; Status: string }[] })
    .DeviceCertificateVOS
}

/** Connects by hand, and says whether the CONNECT was accepted. */
async function attempt(device: Device, identity: TlsIdentity) {
  const { socket, answer } = await openTls(target, { ...device, ...identity })
  const resumed = socket.isSessionReused()
  let session: Buffer | undefined
  socket.on('session', (ticket) => (session = ticket))
  socket.write(connectPacket(device.clientId))
  const admitted = (await answer).subarray(0, 4).equals(Buffer.from([0x20, 2, 0, 0]))
  session ??= socket.getSession() // in TLS 1.2 the ticket is part of the handshake
  socket.destroy()
  return { admitted, resumed, session }
}

async function expectRefused(device: Device, cause: string): Promise<void> {
  await waitForRefusal(deviceClient({ endpoints: target, device, reconnectPeriod: 0 }))
  await expectExplained({ clientId: device.clientId }, cause)
}

describe.each([1, 2])('a device %i intermediates below its registered CA', (count) => {
  test('C2: is registered under it, and dropped when it is inactivated by that CaSn', async () => {
    const ca = await registerCa(client, directory)
    const device = await deviceBelow(ca, await intermediatesOf(ca, ...Array.from({ length: count }, () => ({}))))
    const live = deviceClient({ endpoints: target, device, reconnectPeriod: 0 })
    onTestFinished(() => live.endAsync(true))
    await waitForConnect(live)
    const [registered] = await devicesOf(ca.caSn)
    expect(registered).toMatchObject({ DeviceName: device.clientId.slice(-40), Status: '1' })
    const dropped = waitForDisconnect(live)
    const { DeviceSn } = registered!
    const call = { MqttInstanceId, CaSn: ca.caSn, DeviceSn }
    expect((await client.call('InactivateDeviceCertificate', call)).status).toBe(200)
    await dropped
    await expectRefused(device, 'device-inactive')
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('C4: is asked again when it resumes %s', async (version) => {
    const ca = await registerCa(client, directory)
    const device = await deviceBelow(ca, await intermediatesOf(ca, ...Array.from({ length: count }, () => ({}))))
    const first = await attempt(device, { version })
    expect(first).toMatchObject({ admitted: true, resumed: false })
    const again = { version, session: first.session! }
    expect(await attempt(device, again)).toMatchObject({ admitted: true, resumed: true })
    const { DeviceSn } = (await devicesOf(ca.caSn))[0]!
    const call = { MqttInstanceId, CaSn: ca.caSn, DeviceSn }
    expect((await client.call('InactivateDeviceCertificate', call)).status).toBe(200)
    expect(await attempt(device, again)).toMatchObject({ admitted: false, resumed: true })
    await expectExplained({ clientId: device.clientId }, 'device-inactive')
  })
})

describeWith(mosquittoPub, 'mosquitto_pub', () => {
  test('C1: it sends its chain, and is admitted', async () => {
    const ca = await registerCa(client, directory)
    const device = await deviceBelow(ca, await intermediatesOf(ca, {}, {}))
    const chainFile = join(directory, unique('chain-'))
    await writeFile(chainFile, device.chain)
    const { hostname, port } = new URL(target.mqtts)
    const tls = ['--cafile', target.caFile, '--cert', chainFile, '--key', device.keyFile]
    const what = ['-i', device.clientId, '-q', '1', '-t', topic, '-m', 'x']
    const publisher = spawn(mosquittoPub.path!, ['-h', hostname, '-p', port, ...tls, ...what])
    expect(await once(publisher, 'exit')).toEqual([0, null])
    expect(await devicesOf(ca.caSn)).toMatchObject([{ Status: '1' }])
  })
})

test('C2: of a registered root and a registered intermediate the intermediate is the CA of the device', async () => {
  const root = await registerCa(client, directory)
  const [intermediate] = await intermediatesOf(root, {})
  const code = String((await client.call('GetRegisterCode', { MqttInstanceId })).body.RegisterCode)
  const verification = await issueUnder(intermediate!, { commonName: code })
  const { status, body } = await client.call('RegisterCaCertificate', {
    MqttInstanceId,
    CaName: unique('ca'),
    CaContent: intermediate!.cert,
    VerificationContent: verification.cert,
  })
  expect(status).toBe(200)
  const caSn = String(body.Sn)
  deleteLater(MqttInstanceId, caSn)
  const device = await deviceBelow(root, [intermediate!])
  const live = deviceClient({ endpoints: target, device, reconnectPeriod: 0 })
  onTestFinished(() => live.endAsync(true))
  await waitForConnect(live)
  expect(await devicesOf(caSn)).toMatchObject([{ DeviceName: device.clientId.slice(-40) }])
  expect(await devicesOf(root.caSn)).toEqual([])
})

describe('a chain that is not good', () => {
  const withoutCa = ['basicConstraints=critical,CA:FALSE', ...caExtensions.slice(1)]
  test.each<[string, Partial<Wish>, string]>([
    ['an intermediate that is no CA', { extensions: withoutCa }, 'chain-invalid'],
    [
      'an intermediate for servers only',
      { extensions: [...caExtensions, 'extendedKeyUsage=serverAuth'] },
      'chain-invalid',
    ],
    [
      'an intermediate with name constraints',
      { extensions: [...caExtensions, 'nameConstraints=permitted;DNS:example'] },
      'chain-invalid',
    ],
    ['an intermediate that has expired', { from: day(-20), until: day(-10) }, 'certificate-expired'],
    ['an intermediate that is not valid yet', { from: day(10), until: day(20) }, 'certificate-not-yet-valid'],
  ])('C10: %s is refused, and registers nothing', async (_, wish, cause) => {
    const ca = await registerCa(client, directory)
    await expectRefused(await deviceBelow(ca, await intermediatesOf(ca, wish)), cause)
    expect(await devicesOf(ca.caSn)).toEqual([])
  })

  test('C10: more intermediates than a path length constraint allows are refused', async () => {
    const extensions = ['basicConstraints=critical,CA:TRUE,pathlen:0', ...caExtensions.slice(1)]
    const ca = await registerCa(client, directory)
    const chain = await intermediatesOf(ca, { extensions }, {})
    await expectRefused(await deviceBelow(ca, chain), 'chain-invalid')
    const live = deviceClient({
      endpoints: target,
      device: await deviceBelow(ca, chain.slice(0, 1)),
      reconnectPeriod: 0,
    })
    onTestFinished(() => live.endAsync(true))
    await waitForConnect(live)
  })

  test('C10: without the intermediate between, the CA is unknown', async () => {
    const ca = await registerCa(client, directory)
    const device = await deviceBelow(ca, await intermediatesOf(ca, {}, {}))
    const [leaf, nearest] = device.chain.match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g)!
    await expectRefused({ ...device, chain: leaf! }, 'ca-unknown')
    await expectRefused({ ...device, chain: leaf! + nearest! }, 'ca-unknown')
  })

  test('C10: another certificate of a registered serial number is refused, whichever way it comes', async () => {
    const ca = await registerCa(client, directory)
    const sn = `0a${unique().length}b0${Date.now().toString(16).padStart(12, '0')}`
    const first = await deviceBelow(ca, await intermediatesOf(ca, {}), { sn })
    const live = deviceClient({ endpoints: target, device: first, reconnectPeriod: 0 })
    onTestFinished(() => live.endAsync(true))
    await waitForConnect(live)
    await expectRefused(await deviceBelow(ca, await intermediatesOf(ca, {}, {}), { sn }), 'fingerprint-mismatch')
    await expectRefused(await deviceBelow(ca, [], { sn }), 'fingerprint-mismatch')
    expect(await devicesOf(ca.caSn)).toHaveLength(1)
  })
})
