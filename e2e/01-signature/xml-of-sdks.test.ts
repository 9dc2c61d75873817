import { expect, test } from 'vitest'
import { sdks } from '../support/sdk.ts'
import { target } from '../support/target.ts'

const uuid = expect.stringMatching(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/) as string
const caller = { ...target, endpoints: target }
const cores = sdks.filter(({ name, signature }) => signature === 'V3' && !name.startsWith('pop-core'))

test.each(cores)('B2: $name reads an error in XML as it reads one in JSON', async (sdk) => {
  const refusalIn = async (format: string) => {
    const parameters = { MqttInstanceId: target.instanceId, Sn: 'deadbeef', Format: format }
    const error: unknown = await sdk.call(caller, 'GetCaCertificate', parameters).then(
      () => expect.fail('it was answered'),
      (refused: unknown) => refused,
    )
    const { requestId, message, ...rest } = sdk.refusal(error)
    expect(requestId).toEqual(uuid)
    return { ...rest, message: message.replaceAll(String(requestId), '…') }
  }
  const inXml = await refusalIn('XML')
  expect(inXml).toMatchObject({ code: 'FindCaBySnError' })
  expect(inXml).toEqual(await refusalIn('JSON'))
})
