import { type Endpoints, type IssuedDevice, type ManagementClient } from '@apsaramq/testkit'
import { beforeAll, expect, test } from 'vitest'
import { explanation } from '../support/explained.ts'
import { sdks, type SdkVariant } from '../support/sdk.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, unique } from '../support/target.ts'

describeOwnProgram('what a client meant', () => {
  let endpoints: Endpoints
  let management: ManagementClient
  const shared = sharedProgram()
  beforeAll(() => ({ endpoints, management } = shared))

  const issue = async (): Promise<IssuedDevice> => {
    const clientId = `GID_demo@@@${unique('n')}`
    const [device] = await management.issueDevices({ clientId, keyType: 'ec', registered: true })
    return device!
  }
  const get = async (sdk: SdkVariant, action: string, parameters: Record<string, string>) =>
    sdk.call({ ...endpoints, endpoints }, action, { MqttInstanceId: endpoints.instanceId, ...parameters }).then(
      () => undefined,
      (error: unknown) => sdk.refusal(error),
    )

  test.each(sdks)('B8: $name is told the documented error, and explain what it had nearly asked for', async (sdk) => {
    const { deviceSn, caSn } = await issue()
    const swapped = await get(sdk, 'GetDeviceCertificate', { CaSn: deviceSn, DeviceSn: caSn })
    expect(String(swapped?.code ?? swapped?.kind)).toMatch(/^FindDeviceBySnError(Error)?$/)
    expect(swapped?.message).toContain('Failed to find the device certificate by the SN. Please check sn is valid')
    expect(swapped?.message).not.toContain('near miss')
    const told = await explanation({ requestId: String(swapped?.requestId) }, endpoints.management)
    expect(told?.answer).toContain(
      'near miss: CaSn and DeviceSn are swapped: they are those of ' +
        `device certificate ${deviceSn} under CA ${caSn} of ${endpoints.instanceId}`,
    )
  })

  test('B7: what clients send and nobody reads is reported with the client and what it meant', async () => {
    await management.request('POST', '/reset')
    const sdk = sdks.find(({ name }) => name === 'openapi-core V3 GET')!
    const { instanceId: InstanceId, accessKeyId } = endpoints
    const caller = { ...endpoints, endpoints }
    const parameters = { PageNo: '1', PageSize: '10' }
    const refused = await sdk
      .call(caller, 'ListCaCertificate', { InstanceId, ...parameters })
      .then(undefined, (error: unknown) => sdk.refusal(error))
    await sdk.call(caller, 'ListCaCertificate', { MqttInstanceId: InstanceId, ...parameters })
    expect(await management.request('GET', '/conformance')).toEqual({
      capacity: 1000,
      uncounted: 0,
      entries: [
        {
          accessKeyId,
          action: 'ListCaCertificate',
          kind: 'unread-parameter',
          about: 'InstanceId',
          suggestion: 'MqttInstanceId',
          count: 1,
          firstAt: expect.any(Number),
          lastAt: expect.any(Number),
          lastRequestId: (refused as { requestId: unknown }).requestId,
          client: expect.stringMatching(/^AlibabaCloud \(.*TeaDSL/),
        },
      ],
    })
  })

  test.each(sdks)('B7: $name sends nothing that nobody reads', async (sdk) => {
    await management.request('POST', '/reset')
    const parameters = { PageNo: '1', PageSize: '10', MqttInstanceId: endpoints.instanceId }
    await sdk.call({ ...endpoints, endpoints }, 'ListCaCertificate', parameters)
    const { entries } = (await management.request('GET', '/conformance')) as { entries: { kind: string }[] }
    expect(entries.filter(({ kind }) => !kind.startsWith('undocumented-'))).toEqual([])
  })
})
