// Prints, as JSON, what each SDK writes for one call: `node --import tsx e2e/13-hostile/capture.ts`. Its output is kept in
// packages/control-plane/src/hostile/captured-requests.json, where a test flips every bit of it.
import type { Endpoints } from '@apsaramq/testkit'
import { captureRequest } from '../support/captured-request.ts'
import { sdks } from '../support/sdk.ts'

const parameters = { MqttInstanceId: 'post-cn-test001', DeviceSn: '356217374433000001', CaSn: '007269004887000001' }
const lasting = { accessKeyId: 'OWNER', accessKeySecret: 'owner-secret' }
const temporary = { accessKeyId: 'STS.TEST', accessKeySecret: 'sts-secret', securityToken: 'CAIS/a+b=c~d*e' }

/** One of each form of request: the others differ in the order of their parameters only. */
const kinds = [
  'pop-core GET',
  'pop-core POST form',
  'openapi-client V3 POST',
  'openapi-core V3 GET',
  'openapi-core V3 form',
  'openapi-core V1 POST',
  'openapi-client V1 form',
]
const temporaryKinds = ['pop-core GET', 'openapi-core V3 POST']

async function captured(name: string, credentials: typeof lasting | typeof temporary) {
  const sdk = sdks.find((one) => one.name === name)!
  const at = Date.now()
  const bytes = await captureRequest(({ origin }) => {
    const endpoints = { api: origin, regionId: 'cn-hangzhou' } as Endpoints // all that an SDK is told of
    return sdk.call({ ...credentials, endpoints }, 'InactivateDeviceCertificate', parameters)
  })
  const sts = 'securityToken' in credentials ? ', STS' : ''
  return { sdk: `${name}${sts}`, signature: sdk.signature, at, bytes: bytes.toString('latin1') }
}

const requests = []
for (const name of kinds) requests.push(await captured(name, lasting))
for (const name of temporaryKinds) requests.push(await captured(name, temporary))
process.stdout.write(`${JSON.stringify({ parameters, lasting, temporary, requests }, undefined, 2)}\n`)
