import { createRequire } from 'node:module'
import type OpenApiCore from '@alicloud/openapi-core'
import type { Clock } from '@apsaramq/model'
import type { Endpoints, IssuedDevice } from '@apsaramq/testkit'

// CommonJS with a default export: require gives it the shape its types tell.
const openApi = createRequire(import.meta.url)('@alicloud/openapi-core') as typeof OpenApiCore

/** Which certificate an operation is about. */
export type CertificateName = Pick<IssuedDevice, 'caSn' | 'deviceSn'>

/** An answer with HTTP 200. */
export interface Answered {
  body: Record<string, unknown>
  /** When the SDK handed it over, on the clock's monotonic source. */
  at: number
  detail: string
}

/** The operations of the story, called through the vendor's SDK. Each rejects with the SDK's own error. */
export interface CertificateApi {
  inactivate(device: CertificateName): Promise<Answered>
  activate(device: CertificateName): Promise<Answered>
  remove(device: CertificateName): Promise<Answered>
  /** `Status` of the certificate: "1" is active, "0" is not. */
  status(device: CertificateName): Promise<string>
}

function createClient({ api, accessKeyId, accessKeySecret, regionId }: Endpoints) {
  const { host, protocol } = new URL(api)
  const config = { accessKeyId, accessKeySecret, regionId, endpoint: host, protocol: protocol.replace(':', '') }
  return new openApi.default(new openApi.$OpenApiUtil.Config(config))
}

function parametersOf(action: string, method: 'GET' | 'POST') {
  return new openApi.$OpenApiUtil.Params({
    action,
    method,
    version: '2020-04-20',
    protocol: 'HTTPS',
    pathname: '/',
    authType: 'AK',
    style: 'RPC',
    reqBodyType: 'formData',
    bodyType: 'json',
  })
}

/** The SDK, unmodified: only its endpoint is the emulator's. */
export function certificateApi(endpoints: Endpoints, clock: Clock): CertificateApi {
  const client = createClient(endpoints)
  const call = async (action: string, method: 'GET' | 'POST', { caSn, deviceSn }: CertificateName) => {
    const query = { MqttInstanceId: endpoints.instanceId, CaSn: caSn, DeviceSn: deviceSn }
    const request = new openApi.$OpenApiUtil.OpenApiRequest({ query })
    const runtime = {} as Parameters<typeof client.callApi>[2] // its class lives in a package of the SDK's own
    const answer = await client.callApi(parametersOf(action, method), request, runtime)
    const at = clock.monotonic()
    const body = answer['body'] as Record<string, unknown> // callApi answers {body, headers, statusCode}
    return { body, at, detail: `${action}: HTTP ${answer['statusCode']}, RequestId ${body['RequestId']}` }
  }
  return {
    inactivate: (device) => call('InactivateDeviceCertificate', 'POST', device),
    activate: (device) => call('ActiveDeviceCertificate', 'POST', device),
    remove: (device) => call('DeleteDeviceCertificate', 'POST', device),
    async status(device) {
      const { body } = await call('GetDeviceCertificate', 'GET', device)
      return String((body['Data'] as Record<string, unknown>)['Status'])
    },
  }
}
