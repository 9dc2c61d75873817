import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deviceClient, waitForConnect, waitForRefusal } from '@apsaramq/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { deleteLater, makeDevice, registerCa } from '../support/certificates.ts'
import { expectExplained } from '../support/explained.ts'
import { day, issueCa, issueUnder, type Issued } from '../support/openssl.ts'
import { group, ownerClient, target, topic, unique } from '../support/target.ts'
import { connectPacket, openTls } from '../support/tls-attempt.ts'

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

async function registerCode(): Promise<string> {
  return String((await client.call('GetRegisterCode', { MqttInstanceId })).body.RegisterCode)
}

async function register(ca: Pick<Issued, 'cert'>, verification: Pick<Issued, 'cert'>) {
  const answer = await client.call('RegisterCaCertificate', {
    MqttInstanceId,
    CaName: unique('ca'),
    CaContent: ca.cert,
    VerificationContent: verification.cert,
  })
  if (answer.status === 200) deleteLater(MqttInstanceId, String(answer.body.Sn))
  return answer
}

async function expectRefused(answer: ReturnType<typeof register>, code: string, cause: string): Promise<void> {
  const { body, requestId } = await answer
  expect(body.Code).toBe(code)
  await expectExplained({ requestId }, cause)
}

const flat = ({ cert }: Issued) => ({ cert: cert.replaceAll('\n', String.raw`\n`) })

const devicesOf = async (CaSn: string) => {
  const { body } = await client.call('ListDeviceCertificateByCaSn', {
    MqttInstanceId,
    CaSn,
    PageNo: '1',
    PageSize: '100',
  })
  return body.Data as {
    Total: number
    DeviceCertificateVOS: { DeviceSn: string; DeviceContent: string; DeviceName: string }[]
  }
}

describe('registering a CA', () => {
  test.each(['rsa', 'ec'] as const)(
    'C2: an %s CA with proof of possession is registered and active',
    async (keyType) => {
      const ca = await registerCa(client, directory, target, { keyType })
      const { body } = await client.call('GetCaCertificate', { MqttInstanceId, Sn: ca.caSn })
      expect(body.Data).toMatchObject({ Sn: ca.caSn, Status: '1' })
      const data = body.Data as Record<'CaContent' | 'ValidBegin' | 'ValidEnd', string>
      const shown = new X509Certificate(data.CaContent)
      const made = new X509Certificate(ca.cert)
      expect(shown.fingerprint256).toBe(made.fingerprint256)
      expect([Number(data.ValidBegin), Number(data.ValidEnd)]).toEqual([
        Date.parse(made.validFrom),
        Date.parse(made.validTo),
      ])
    },
  )

  test('C2: PEM whose line breaks came as a backslash and an n is read all the same', async () => {
    const ca = await issueCa(directory, { commonName: unique('ca-') })
    const verification = await issueUnder(ca, { commonName: await registerCode() })
    expect((await register(flat(ca), flat(verification))).status).toBe(200)
  })

  test('C2: a verification certificate with another name has no register code', async () => {
    const ca = await issueCa(directory, { commonName: unique('ca-') })
    const verification = await issueUnder(ca, { commonName: 'somebody' })
    await expectRefused(register(ca, verification), 'RegisterCodeError', 'register-code-wrong')
  })

  test('C2: a register code serves once', async () => {
    const code = await registerCode()
    const first = await issueCa(directory, { commonName: unique('ca-') })
    expect((await register(first, await issueUnder(first, { commonName: code }))).status).toBe(200)
    const second = await issueCa(directory, { commonName: unique('ca-') })
    await expectRefused(
      register(second, await issueUnder(second, { commonName: code })),
      'RegisterCodeUsed',
      'register-code-used',
    )
  })

  test('C2: a verification certificate signed by another CA proves nothing', async () => {
    const ca = await issueCa(directory, { commonName: unique('ca-') })
    const other = await issueCa(directory, { commonName: unique('ca-') })
    const verification = await issueUnder(other, { commonName: await registerCode() })
    await expectRefused(register(ca, verification), 'CertificateContentError', 'certificate-unusable')
  })

  test.each([
    ['without BasicConstraints', { extensions: ['keyUsage=critical,keyCertSign'] }],
    ['that says CA:FALSE', { extensions: ['basicConstraints=critical,CA:FALSE'] }],
    ['that has expired', { from: day(-20), until: day(-10) }],
  ])('C2: a certificate %s is no CA to register', async (_, wish) => {
    const ca = await issueCa(directory, { commonName: unique('ca-'), ...wish })
    const verification = await issueUnder(ca, { commonName: await registerCode() })
    await expectRefused(register(ca, verification), 'CertificateContentError', 'certificate-unusable')
  })

  test.each(['nonsense', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'C2: %j is no certificate',
    async (cert) => {
      await expectRefused(register({ cert }, { cert }), 'CertificateContentError', 'certificate-unusable')
    },
  )

  test('C2: a serial number is registered once', async () => {
    const ca = await registerCa(client, directory)
    const again = await issueCa(directory, { commonName: unique('ca-'), sn: ca.sn })
    const verification = await issueUnder(again, { commonName: await registerCode() })
    await expectRefused(register(again, verification), 'SnNotUnique', 'serial-number-taken')
  })

  test('C2: a serial number whose top bit is set is shown with its leading zero byte', async () => {
    const ca = await registerCa(client, directory, target, {
      sn: `f2${unique().length}a0${Date.now().toString(16).padStart(12, '0')}`,
    })
    expect(ca.caSn).toBe(`00${ca.sn}`)
    for (const Sn of [ca.caSn, ca.sn, ca.sn.toUpperCase(), `0000${ca.sn}`]) {
      expect((await client.call('GetCaCertificate', { MqttInstanceId, Sn })).status).toBe(200)
    }
  })
})

describe('registering a device', () => {
  test.each(['rsa', 'ec'] as const)(
    'C2: an %s device is registered at its first CONNECT, once, and not at the handshake',
    async (keyType) => {
      const ca = await registerCa(client, directory)
      const device = await makeDevice(ca, { keyType })
      const { socket, answer } = await openTls(target, device)
      onTestFinished(() => void socket.destroy())
      expect(await devicesOf(ca.caSn)).toMatchObject({ Total: 0, DeviceCertificateVOS: [] })
      socket.write(connectPacket(device.clientId))
      expect([...(await answer).subarray(0, 4)]).toEqual([0x20, 2, 0, 0])
      const second = deviceClient({ endpoints: target, device })
      onTestFinished(() => second.endAsync(true))
      await waitForConnect(second)
      const registered = await devicesOf(ca.caSn)
      expect(registered.Total).toBe(1)
      const [shown] = registered.DeviceCertificateVOS
      expect(shown).toMatchObject({ DeviceName: device.clientId.slice(-40) })
      expect(shown!.DeviceSn.replace(/^00/, '')).toBe(device.sn.replace(/^00/, ''))
      expect(fingerprintOf(shown!.DeviceContent)).toBe(fingerprintOf(device.cert))
    },
  )

  test('C15: a deleted device comes back active at its next CONNECT', async () => {
    const ca = await registerCa(client, directory)
    const device = await makeDevice(ca)
    const first = deviceClient({ endpoints: target, device })
    await waitForConnect(first)
    await first.endAsync()
    const { DeviceSn } = (await devicesOf(ca.caSn)).DeviceCertificateVOS[0]!
    expect((await client.call('InactivateDeviceCertificate', { MqttInstanceId, CaSn: ca.caSn, DeviceSn })).status).toBe(
      200,
    )
    expect((await client.call('DeleteDeviceCertificate', { MqttInstanceId, CaSn: ca.caSn, DeviceSn })).status).toBe(200)
    const again = deviceClient({ endpoints: target, device })
    onTestFinished(() => again.endAsync(true))
    await waitForConnect(again)
    const { body } = await client.call('GetDeviceCertificate', { MqttInstanceId, CaSn: ca.caSn, DeviceSn })
    expect(body.Data).toMatchObject({ Status: '1' })
  })

  test('C9: deleting a CA ends its sessions and leaves those of another alone', async () => {
    const [doomed, kept] = [await registerCa(client, directory), await registerCa(client, directory)]
    const clients = await Promise.all(
      [doomed, doomed, doomed, kept, kept].map(async (ca) => {
        const one = deviceClient({ endpoints: target, device: await makeDevice(ca), reconnectPeriod: 0 })
        onTestFinished(() => one.endAsync(true))
        await waitForConnect(one)
        return one
      }),
    )
    const closed = clients
      .slice(0, 3)
      .map((one) => new Promise((resolve) => void one.once('close', resolve as () => void)))
    expect((await client.call('DeleteCaCertificate', { MqttInstanceId, Sn: doomed.caSn })).status).toBe(200)
    await Promise.all(closed)
    const [first, second] = clients.slice(3)
    await second!.subscribeAsync(`${topic}/kept`)
    const heard = new Promise((resolve) => void second!.once('message', (_, payload) => resolve(payload.toString())))
    await first!.publishAsync(`${topic}/kept`, 'still here')
    expect(await heard).toBe('still here')
  })
})

function fingerprintOf(content: string): string {
  const der = Buffer.from(content.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return createHash('sha256').update(der).digest('hex')
}

test('C16: the group of the client id must exist', async () => {
  const ca = await registerCa(client, directory)
  const device = await makeDevice(ca, { clientId: `GID_nobody@@@${unique()}` })
  expect(group).not.toBe('GID_nobody')
  await waitForRefusal(deviceClient({ endpoints: target, device, reconnectPeriod: 0 }))
  await expectExplained({ clientId: device.clientId }, 'bad-client-id')
})
