import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registerCa } from '../support/certificates.ts'
import { expectExplained } from '../support/explained.ts'
import { certificateOperations, otherOperations } from '../support/operation-names.ts'
import { ownerClient, target, user } from '../support/target.ts'

const client = ownerClient()
const reader = user('reader')
const readerClient = ownerClient(target, reader)
const stranger = ownerClient(target, otherAccount())
const wrongSecret = ownerClient(target, { accessKeySecret: 'wrong' })
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
})
afterAll(async () => {
  for (const one of [client, readerClient, stranger, wrongSecret]) one.close()
  await rm(directory, { recursive: true, force: true })
})

function otherAccount() {
  const found = target.users.find((one) => one.accountId !== target.accountId)
  if (!found) throw new Error('the endpoints file names no user of another account')
  return found
}

const everyParameter = {
  MqttInstanceId: target.instanceId,
  Sn: '0abc',
  CaSn: '0abc',
  DeviceSn: '0abc',
  PageNo: '1',
  PageSize: '10',
  CaName: 'name',
  CaContent: 'no certificate',
  VerificationContent: 'no certificate',
}

const parametersOf: Record<(typeof certificateOperations)[number], (keyof typeof everyParameter)[]> = {
  ActiveCaCertificate: ['MqttInstanceId', 'Sn'],
  ActiveDeviceCertificate: ['MqttInstanceId', 'DeviceSn', 'CaSn'],
  DeleteCaCertificate: ['MqttInstanceId', 'Sn'],
  DeleteDeviceCertificate: ['MqttInstanceId', 'DeviceSn', 'CaSn'],
  GetCaCertificate: ['MqttInstanceId', 'Sn'],
  GetDeviceCertificate: ['MqttInstanceId', 'DeviceSn', 'CaSn'],
  GetRegisterCode: ['MqttInstanceId'],
  InactivateCaCertificate: ['MqttInstanceId', 'Sn'],
  InactivateDeviceCertificate: ['MqttInstanceId', 'DeviceSn', 'CaSn'],
  ListCaCertificate: ['MqttInstanceId', 'PageNo', 'PageSize'],
  ListDeviceCertificate: ['MqttInstanceId', 'PageNo', 'PageSize'],
  ListDeviceCertificateByCaSn: ['MqttInstanceId', 'CaSn', 'PageNo', 'PageSize'],
  RegisterCaCertificate: ['MqttInstanceId', 'CaName', 'CaContent', 'VerificationContent'],
}

describe.each(otherOperations)('%s', (action) => {
  test('B1: is declined by name, and only to a caller who signed', async () => {
    const declined = await client.call(action, { InstanceId: target.instanceId, MqttInstanceId: target.instanceId })
    expect({ status: declined.status, body: declined.body }).toMatchObject({
      status: 404,
      body: { Code: 'ApiNotSupport', Message: 'The specified API is not supported.' },
    })
    await expectExplained({ requestId: declined.requestId }, 'operation-declined')
    const unsigned = await wrongSecret.call(action, { InstanceId: target.instanceId })
    expect(unsigned.body.Code).toBe('SignatureDoesNotMatch')
  })
})

describe.each(certificateOperations)('%s', (action) => {
  const parameters = Object.fromEntries(parametersOf[action].map((name) => [name, everyParameter[name]]))

  test.each(parametersOf[action])('B4: without %s, or with an empty one, the status is 400', async (name) => {
    const { [name]: _, ...rest } = parameters
    for (const incomplete of [rest, { ...rest, [name]: '' }]) {
      const { status, body, requestId } = await client.call(action, incomplete)
      expect({ status, body }).toMatchObject({
        status: 400,
        body: {
          Code: 'ParameterFieldCheckFailed',
          Message: 'Failed to validate the parameters. The parameters may be missing or invalid.',
        },
      })
      await expectExplained({ requestId }, 'parameter-missing')
    }
  })

  test.each(parametersOf[action].filter((name) => ['Sn', 'CaSn', 'DeviceSn', 'PageNo', 'PageSize'].includes(name)))(
    'B4: with a %s that fails its own check, the status is 500',
    async (name) => {
      const wrong = name.startsWith('Page') ? ['0', '-1', 'many', '1.5'] : ['not hex', 'a'.repeat(129)]
      for (const value of wrong) {
        const { status, body, requestId } = await client.call(action, { ...parameters, [name]: value })
        expect({ value, status, code: body.Code }).toEqual({ value, status: 500, code: 'ParameterFieldCheckFailed' })
        await expectExplained({ requestId }, 'parameter-invalid')
      }
    },
  )

  test('B4: an instance nobody has is not found', async () => {
    const { status, body, requestId } = await client.call(action, {
      ...parameters,
      MqttInstanceId: 'post-cn-nowhere0001',
    })
    expect({ code: body.Code, message: body.Message }).toEqual({
      code: 'MqttInstanceNotFound',
      message: 'Specified instance is not found',
    })
    expect([400, 500]).toContain(status)
    await expectExplained({ requestId }, 'instance-not-found')
  })

  test("B6: another account's instance is not its caller's", async () => {
    const { status, body, requestId } = await stranger.call(action, parameters)
    expect({ status, code: body.Code, message: body.Message }).toEqual({
      status: 403,
      code: 'MqttOwnerCheckError',
      message: 'Failed to validate the instance permission',
    })
    await expectExplained({ requestId }, 'instance-of-another-account')
  })

  const reads = /^(Get|List)/.test(action)

  test(`B6: a RAM user who may only read is ${reads ? 'let through' : 'denied'}`, async () => {
    const { status, body, requestId } = await readerClient.call(action, parameters)
    if (reads) {
      expect(body.Code).not.toBe('PermissionCheckFailed')
      return
    }
    expect({ status, code: body.Code, message: body.Message }).toEqual({
      status: 403,
      code: 'PermissionCheckFailed',
      message: 'Failed to verify API permissions.',
    })
    await expectExplained({ requestId }, 'permission-denied')
  })

  test('B4: an instance of another edition does not have it', async () => {
    const professional = target.instances.find((one) => one.edition === 'professional')
    if (!professional) return
    const { status, body, requestId } = await client.call(action, {
      ...parameters,
      MqttInstanceId: professional.instanceId,
    })
    expect({ status, code: body.Code }).toEqual({ status: 404, code: 'ApiNotSupport' })
    await expectExplained({ requestId }, 'edition-unsupported')
  })
})

describe('serial numbers nobody has', () => {
  const unknown = { ...everyParameter, Sn: 'deadbeef', CaSn: 'deadbeef', DeviceSn: 'deadbeef' }

  test.each(['ActiveCaCertificate', 'InactivateCaCertificate', 'DeleteCaCertificate', 'GetCaCertificate'] as const)(
    'B4: %s answers FindCaBySnError',
    async (action) => {
      const { body, requestId } = await client.call(action, pick(action, unknown))
      expect({ code: body.Code, message: body.Message }).toEqual({
        code: 'FindCaBySnError',
        message: 'Failed to find the CA by the SN. Please check sn is valid.',
      })
      await expectExplained({ requestId }, 'ca-not-found')
    },
  )

  describe.each([
    ['under a CA nobody has', async (): Promise<string> => 'deadbeef', 'ca-not-found'],
    [
      'under a registered CA',
      async (): Promise<string> => (await registerCa(client, directory)).caSn,
      'device-not-found',
    ],
  ] as const)('%s', (_, caSn, cause) => {
    test.each([
      'ActiveDeviceCertificate',
      'InactivateDeviceCertificate',
      'DeleteDeviceCertificate',
      'GetDeviceCertificate',
    ] as const)('B4: %s answers FindDeviceBySnError with status 500', async (action) => {
      const parameters = { ...pick(action, unknown), CaSn: await caSn() }
      const { status, body, requestId } = await client.call(action, parameters)
      expect({ status, code: body.Code, message: body.Message }).toEqual({
        status: 500,
        code: 'FindDeviceBySnError',
        message: 'Failed to find the device certificate by the SN. Please check sn is valid',
      })
      await expectExplained({ requestId }, cause)
    })
  })
})

function pick(action: (typeof certificateOperations)[number], from: Record<string, string>): Record<string, string> {
  return Object.fromEntries(parametersOf[action].map((name) => [name, from[name]!]))
}
