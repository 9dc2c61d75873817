import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { IssuedDevice } from '@apsaramq/testkit'
import { expect, test } from 'vitest'
import { registerCa } from '../support/certificates.ts'
import { openssl } from '../support/openssl.ts'
import { temporaryDirectory } from '../support/own-program.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, ownerClient, unique } from '../support/target.ts'

describeOwnProgram('revocation lists', () => {
  const shared = sharedProgram()

  async function issued(count: number) {
    const request = { clientId: `GID_demo@@@${unique('r')}`, keyType: 'ec', registered: true } as const
    return shared.management.issueDevices(count === 1 ? request : { ...request, count })
  }

  async function answerOf(path: string) {
    const response = await fetch(new URL(path, shared.endpoints.management))
    const { status, headers } = response
    return { status, type: headers.get('content-type'), body: Buffer.from(await response.arrayBuffer()) }
  }

  async function inactivate({ caSn, deviceSn }: IssuedDevice): Promise<void> {
    const owner = ownerClient(shared.endpoints)
    const call = { MqttInstanceId: shared.endpoints.instanceId, CaSn: caSn, DeviceSn: deviceSn }
    const { status } = await owner.call('InactivateDeviceCertificate', call)
    owner.close()
    expect(status).toBe(200)
  }

  test('C14: openssl verifies the list of the CA that is seeded, and refuses exactly what is inactive', async () => {
    const directory = await temporaryDirectory()
    const devices = await issued(3)
    await inactivate(devices[1]!)
    const { caSn, chain } = devices[0]!
    const ca = chain.slice(chain.lastIndexOf('-----BEGIN'))
    const list = await answerOf(`/crl/${caSn}`)
    expect(list).toMatchObject({ status: 200, type: 'application/pkix-crl' })
    await writeFile(join(directory, 'list.der'), list.body)
    await writeFile(join(directory, 'list.pem'), (await answerOf(`/crl/00${caSn.toUpperCase()}?format=pem`)).body)
    await writeFile(join(directory, 'ca.pem'), ca)
    await openssl(directory, 'crl', '-inform', 'DER', '-in', 'list.der', '-CAfile', 'ca.pem', '-noout')
    const verdicts = await Promise.all(
      devices.map(async ({ cert }, index) => {
        await writeFile(join(directory, `${index}.pem`), cert)
        const check = ['-CAfile', 'ca.pem', '-CRLfile', 'list.pem', '-crl_check', `${index}.pem`]
        return openssl(directory, 'verify', '-purpose', 'sslclient', ...check).catch((error: Error) => error.message)
      }),
    )
    expect(verdicts).toEqual(['0.pem: OK\n', expect.stringContaining('certificate revoked'), '2.pem: OK\n'])
  })

  test('C14: status by serial number is told whatever its case and leading zeros', async () => {
    const [device] = await issued(1)
    await inactivate(device!)
    const told = await Promise.all(
      [device!.deviceSn, device!.deviceSn.toUpperCase(), `0000${device!.deviceSn}`].map(async (sn) => {
        const { status, body } = await answerOf(`/certificates/${sn}?caSn=00${device!.caSn.toUpperCase()}`)
        const { certificates } = JSON.parse(body.toString()) as { certificates: { sn: string; status: string }[] }
        return [status, certificates.map((one) => [one.sn, one.status])]
      }),
    )
    const answer = [200, [[device!.deviceSn, 'inactive']]]
    expect(told).toEqual([answer, answer, answer])
  })

  test('C14: a CA whose key its owner keeps has no list here, and is told why', async () => {
    const owner = ownerClient(shared.endpoints)
    const { caSn } = await registerCa(owner, await temporaryDirectory(), shared.endpoints)
    owner.close()
    const { status, body } = await answerOf(`/crl/${caSn}`)
    expect([status, JSON.parse(body.toString())]).toEqual([
      409,
      {
        error: 'ca-key-not-held',
        message: `the emulator does not hold the key of CA ${caSn}, so it cannot sign a list in its name: GET /certificates/SN tells the status of one certificate, and a CA of "ca create" has a list`,
      },
    ])
    expect((await answerOf('/crl/0123')).status).toBe(404)
  })
})
