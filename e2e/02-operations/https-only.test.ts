import { expect, onTestFinished, test } from 'vitest'
import { ownProgram } from '../support/own-program.ts'
import { describeOwnProgram, ownerClient, serverCa } from '../support/target.ts'
import { sdks } from '../support/sdk.ts'

async function enforcing() {
  const program = await ownProgram(['--https-only', 'enforce'])
  const endpoints = program.endpoints()
  const http = ownerClient(endpoints)
  const https = ownerClient(endpoints, { endpoint: endpoints.apiTls, ca: serverCa(endpoints) })
  onTestFinished(() => [http, https].forEach((client) => client.close()))
  return { endpoints, http, https }
}

const needSsl = {
  status: 404,
  body: expect.objectContaining({
    Code: 'InvalidProtocol.NeedSsl',
    Message: 'Your request is denied as lack of ssl protect.',
  }) as unknown,
}

describeOwnProgram('HTTPS-only operations where that is enforced', () => {
  test('B4: are refused over HTTP and served over HTTPS, as the metadata has it; the others are served over both', async () => {
    const { endpoints, http, https } = await enforcing()
    const session = { InstanceId: endpoints.instanceId, ClientId: 'GID_demo@@@one' }
    const calls = [
      ['CloseConnection', session],
      ['ListInstances', {}],
    ] as const
    for (const [action, parameters] of calls) {
      const { status, body } = await http.call(action, parameters)
      expect({ status, body }).toEqual(needSsl)
      expect((await https.call(action, parameters)).status).toBe(200)
    }
    for (const client of [http, https]) {
      expect((await client.call('QuerySessionByClientId', session)).status).toBe(200)
      expect((await client.call('GetRegisterCode', { MqttInstanceId: endpoints.instanceId })).status).toBe(200)
      expect((await client.call('ApplyToken', {})).body.Code).toBe('ApiNotSupport')
    }
    const declined = await http.call('SetSniConfig', {})
    expect({ status: declined.status, body: declined.body }).toEqual(needSsl)
    expect((await https.call('SetSniConfig', {})).body.Code).toBe('ApiNotSupport')
  })

  test('B2: every SDK reports the refusal by its code', async () => {
    const { endpoints } = await enforcing()
    const caller = { ...endpoints, endpoints }
    for (const sdk of sdks) {
      const refused = await sdk.call(caller, 'ListInstances', {}).catch((error: unknown) => error)
      const { code, status } = sdk.refusal(refused)
      expect({ sdk: sdk.name, code: String(code).replace(/Error$/, ''), status }).toEqual({
        sdk: sdk.name,
        code: 'InvalidProtocol.NeedSsl',
        status: 404,
      })
    }
  })
})
