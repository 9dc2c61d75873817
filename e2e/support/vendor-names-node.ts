// Run by vendor-names.ts: the SDKs and mqtt.js, configured as for the vendor. The CA of the servers is in the environment
// (NODE_EXTRA_CA_CERTS); nothing else here knows that it talks to an emulator.
import { createRequire } from 'node:module'
import { json } from 'node:stream/consumers'
import { connect as tlsConnect } from 'node:tls'
import type OpenApiClient from '@alicloud/openapi-client'
import type OpenApiCore from '@alicloud/openapi-core'
import type PopCore from '@alicloud/pop-core'
import type TeaUtil from '@alicloud/tea-util'
import { connect } from 'mqtt'

const require = createRequire(import.meta.url)
const openApiClient = require('@alicloud/openapi-client') as typeof OpenApiClient
const openApiCore = require('@alicloud/openapi-core') as typeof OpenApiCore
const popCore = require('@alicloud/pop-core') as typeof PopCore
const teaUtil = require('@alicloud/tea-util') as typeof TeaUtil
const { OpenApiUtil, $OpenApiUtil } = openApiCore

interface Configuration {
  accessKeyId: string
  accessKeySecret: string
  instanceId: string
  device: { clientId: string; key: string; chain: string; sn: string; caSn: string }
}

const { instanceId, device, ...keys } = (await json(process.stdin)) as Configuration
const regionId = 'cn-hangzhou'
const list = { MqttInstanceId: instanceId, PageNo: '1', PageSize: '10' }
const what = (action: string, method: string) => ({
  action,
  version: '2020-04-20',
  protocol: 'HTTPS',
  pathname: '/',
  method,
  authType: 'AK',
  style: 'RPC',
  reqBodyType: 'formData',
  bodyType: 'json',
})

/** Set up as the product's generated SDK sets itself up from a region alone. */
class Regional extends openApiCore.default {
  constructor(config: InstanceType<typeof $OpenApiUtil.Config>) {
    super(config)
    this._endpointRule = 'regional'
    this.checkConfig(config)
    this._endpoint = OpenApiUtil.getEndpointRules('onsmqtt', this._regionId, 'regional', this._network, this._suffix)
  }
}

async function regional(action: string, method: string, query: Record<string, string>, network = '') {
  const client = new Regional(new $OpenApiUtil.Config({ ...keys, regionId, ...(network && { network }) }))
  const request = new $OpenApiUtil.OpenApiRequest({ query })
  const runtime = {} as Parameters<typeof client.callApi>[2] // its class lives in a package of the SDK's own
  const answer = await client.callApi(new $OpenApiUtil.Params(what(action, method)), request, runtime)
  return [client._endpoint, answer['statusCode']]
}

async function byHostName() {
  const endpoint = `onsmqtt.${regionId}.aliyuncs.com`
  const client = new openApiClient.default(new openApiClient.Config({ ...keys, endpoint }))
  const request = new openApiClient.OpenApiRequest({ query: list })
  const params = new openApiClient.Params(what('ListCaCertificate', 'GET'))
  return (await client.callApi(params, request, new teaUtil.RuntimeOptions({})))['statusCode'] as unknown
}

async function byOrigin(endpoint: string) {
  const client = new popCore({ ...keys, endpoint, apiVersion: '2020-04-20' })
  const { Data } = await client.request<{ Data: { PageSize: number } }>('ListCaCertificate', list, { method: 'GET' })
  return Data.PageSize
}

/** A device of the vendor's demos: connected, and gone once it is inactivated. */
async function deviceOfDemo(): Promise<string[]> {
  const { clientId, key, chain: cert } = device
  const client = connect(`mqtts://${instanceId}.mqtt.aliyuncs.com:8883`, { clientId, key, cert, reconnectPeriod: 0 })
  const seen: string[] = []
  const closed = new Promise<void>((resolve) => {
    client.once('error', (error) => seen.push(String(error)))
    client.once('close', () => resolve())
  })
  client.once('connect', () => {
    seen.push('connected')
    const certificate = { MqttInstanceId: instanceId, DeviceSn: device.sn, CaSn: device.caSn }
    void regional('InactivateDeviceCertificate', 'POST', certificate).catch((error: unknown) => {
      seen.push(String(error))
      client.end(true)
    })
  })
  await closed
  return [...seen, 'closed']
}

/** That verification is on: a name of another region leads here too, and the certificate does not have it. */
function ofAnotherRegion(): Promise<string> {
  const servername = 'onsmqtt.cn-beijing.aliyuncs.com'
  return new Promise((resolve) => {
    const socket = tlsConnect({ host: servername, servername, port: 443 }, () => {
      socket.destroy()
      resolve('accepted')
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
  })
}

const told = {
  regional: await regional('ListCaCertificate', 'GET', list),
  vpc: await regional('ListCaCertificate', 'GET', list, 'vpc'),
  byHostName: await byHostName(),
  byOrigin: [
    await byOrigin(`http://onsmqtt.${regionId}.aliyuncs.com`),
    await byOrigin(`https://onsmqtt.${regionId}.aliyuncs.com`),
  ],
  device: await deviceOfDemo(),
  ofAnotherRegion: await ofAnotherRegion(),
}
process.stdout.write(JSON.stringify(told))
