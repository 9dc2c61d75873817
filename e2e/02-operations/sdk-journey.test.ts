import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deviceClient, waitForConnect, waitForDisconnect, waitForRefusal } from '@apsaramq/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeDevice } from '../support/certificates.ts'
import { issueCa, issueUnder } from '../support/openssl.ts'
import { sdks, type Caller, type SdkVariant } from '../support/sdk.ts'
import { target, unique, user } from '../support/target.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const owner: Caller = { accessKeyId: target.accessKeyId, accessKeySecret: target.accessKeySecret, endpoints: target }
const MqttInstanceId = target.instanceId
const upperUuid = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/

function callsOf(sdk: SdkVariant, caller = owner) {
  return async (action: string, parameters: Record<string, string>) => {
    const { RequestId, ...rest } = await sdk.call(caller, action, { MqttInstanceId, ...parameters })
    expect(RequestId).toMatch(upperUuid)
    return rest
  }
}

async function refusalOf(sdk: SdkVariant, caller: Caller, action: string, parameters: Record<string, string>) {
  const refused = await sdk.call(caller, action, { MqttInstanceId, ...parameters }).then(
    (answer) => new Error(`answered ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  )
  return sdk.refusal(refused)
}

/** The class or name under which an SDK reports an error code. */
function kindOf(sdk: SdkVariant, code: string, status: number): string {
  if (sdk.name.startsWith('pop-core')) return `${code}Error`
  if (sdk.name.startsWith('openapi-client')) return 'Error'
  return status < 500 ? 'ClientError' : 'ServerError'
}

describe.each(sdks)('$name', (sdk) => {
  const call = callsOf(sdk)

  test('B2: takes a CA and a device through their whole life', { timeout: 120_000 }, async () => {
    const ca = await issueCa(directory, { commonName: unique('journey-ca-') })
    const { RegisterCode } = (await call('GetRegisterCode', {})) as { RegisterCode: string }
    const verification = await issueUnder(ca, { commonName: RegisterCode })
    const CaName = unique('ca')
    const registered = await call('RegisterCaCertificate', {
      CaName,
      CaContent: ca.cert,
      VerificationContent: verification.cert,
    })
    const { Sn } = registered as { Sn: string }
    expect(registered).toEqual({ Sn: expect.stringMatching(/^[0-9a-f]+$/) as unknown })
    expect(Sn.replace(/^00/, '')).toBe(ca.sn.replace(/^00/, ''))

    const caData = {
      CaName,
      Sn,
      Status: '1',
      RegistrationCode: RegisterCode,
      CaContent: ca.cert.trim(),
      VerificationContent: verification.cert.trim(),
      ValidBegin: expect.stringMatching(/^\d{13}$/) as unknown,
      ValidEnd: expect.stringMatching(/^\d{13}$/) as unknown,
    }
    expect(trimmed(await call('GetCaCertificate', { Sn }))).toEqual({ Data: caData })
    const cas = (await call('ListCaCertificate', { PageNo: '1', PageSize: '100' })) as {
      Data: { CaCertificateVOS: unknown[] }
    }
    expect(trimmed(cas).Data.CaCertificateVOS).toContainEqual(caData)

    const device = await makeDevice({ ...ca, caSn: Sn })
    const client = deviceClient({ endpoints: target, device, reconnectPeriod: 100 })
    onTestFinished(() => client.endAsync(true))
    await waitForConnect(client)

    const listed = (await call('ListDeviceCertificateByCaSn', { CaSn: Sn, PageNo: '1', PageSize: '10' })) as {
      Data: { DeviceCertificateVOS: { DeviceSn: string }[] }
    }
    const DeviceSn = listed.Data.DeviceCertificateVOS[0]!.DeviceSn
    const ids = { CaSn: Sn, DeviceSn }
    const deviceData = {
      ...ids,
      Status: '1',
      DeviceName: device.clientId.slice(-40),
      DeviceContent: expect.stringContaining('-----BEGIN') as unknown,
      ValidBegin: expect.stringMatching(/^\d{13}$/) as unknown,
      ValidEnd: expect.stringMatching(/^\d{13}$/) as unknown,
    }
    expect(listed).toEqual({ Data: { Total: 1, PageNo: 1, PageSize: 10, DeviceCertificateVOS: [deviceData] } })
    expect(await call('GetDeviceCertificate', ids)).toEqual({ Data: deviceData })

    const dropped = waitForDisconnect(client)
    expect(await call('InactivateDeviceCertificate', ids)).toEqual({ DeviceSn })
    await dropped
    await waitForRefusal(client)
    expect(await call('GetDeviceCertificate', ids)).toEqual({ Data: { ...deviceData, Status: '0' } })

    expect(await call('ActiveDeviceCertificate', ids)).toEqual({ DeviceSn })
    await waitForConnect(client)
    expect(await call('GetDeviceCertificate', ids)).toEqual({ Data: deviceData })

    const deleted = waitForDisconnect(client)
    expect(await call('InactivateCaCertificate', { Sn })).toEqual({ Sn })
    expect(await call('DeleteDeviceCertificate', ids)).toEqual({ DeviceSn })
    await deleted
    await waitForRefusal(client)
    expect(await refusalOf(sdk, owner, 'GetDeviceCertificate', ids)).toMatchObject({ code: 'FindDeviceBySnError' })

    expect(await call('ActiveCaCertificate', { Sn })).toEqual({ Sn })
    await waitForConnect(client)
    const gone = waitForDisconnect(client)
    expect(await call('DeleteCaCertificate', { Sn })).toEqual({ Sn })
    await gone
    expect(await refusalOf(sdk, owner, 'GetCaCertificate', { Sn })).toMatchObject({ code: 'FindCaBySnError' })
  })

  const unknownDevice = { DeviceSn: 'deadbeef', CaSn: 'deadbeef' }

  test('B2: reports a refusal of the product as the SDK does', async () => {
    const refusal = await refusalOf(sdk, owner, 'InactivateDeviceCertificate', unknownDevice)
    expect(refusal).toEqual({
      kind: kindOf(sdk, 'FindDeviceBySnError', 500),
      code: 'FindDeviceBySnError',
      status: 500,
      requestId: expect.stringMatching(upperUuid) as unknown,
      message: expect.stringContaining(
        'Failed to find the device certificate by the SN. Please check sn is valid',
      ) as unknown,
    })
  })

  test('B5: reports a wrong secret as SignatureDoesNotMatch', async () => {
    const refusal = await refusalOf(sdk, { ...owner, accessKeySecret: 'wrong' }, 'GetRegisterCode', {})
    expect(refusal).toMatchObject({
      kind: kindOf(sdk, 'SignatureDoesNotMatch', 400),
      code: 'SignatureDoesNotMatch',
      status: 400,
      message: expect.stringContaining(
        sdk.signature === 'V1' ? 'server string to sign is:' : 'server StringToSign is [',
      ) as unknown,
    })
  })

  test('B6: reports a denied RAM user', async () => {
    const caller = { ...owner, ...user('reader') }
    expect(await refusalOf(sdk, caller, 'InactivateDeviceCertificate', unknownDevice)).toMatchObject({
      kind: kindOf(sdk, 'PermissionCheckFailed', 403),
      code: 'PermissionCheckFailed',
      status: 403,
    })
    await expect(
      sdk.call(caller, 'ListCaCertificate', { MqttInstanceId, PageNo: '1', PageSize: '1' }),
    ).resolves.toBeTruthy()
  })

  test('B2: reaches the API over HTTPS with its CA', async () => {
    const overTls = callsOf(sdk, { ...owner, tls: true })
    expect(await overTls('GetRegisterCode', {})).toEqual({ RegisterCode: expect.stringMatching(/.+/) as unknown })
    expect(readFileSync(target.caFile, 'utf8')).toContain('BEGIN CERTIFICATE')
  })
})

/** PEM texts without the line break at their end, which is nobody's promise. */
function trimmed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, one: unknown) => (typeof one === 'string' ? one.trim() : one)) as T
}
