import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type OpenApiClient from '@alicloud/openapi-client'
import type OpenApiCore from '@alicloud/openapi-core'
import type PopCore from '@alicloud/pop-core'
import type TeaUtil from '@alicloud/tea-util'
import type { Endpoints } from '@apsaramq/testkit'

// These packages are CommonJS with a default export: require gives them the shape their types tell.
const require = createRequire(import.meta.url)
const openApiClient = require('@alicloud/openapi-client') as typeof OpenApiClient
const openApiCore = require('@alicloud/openapi-core') as typeof OpenApiCore
const popCore = require('@alicloud/pop-core') as typeof PopCore
const teaUtil = require('@alicloud/tea-util') as typeof TeaUtil

/** Who calls, and where. */
export interface Caller {
  accessKeyId: string
  accessKeySecret: string
  endpoints: Endpoints
  tls?: boolean
  /** Of temporary credentials. */
  securityToken?: string
}

/** What an SDK tells of a refusal, in the SDK's own places. */
export interface SdkRefusal {
  code: unknown
  status: unknown
  requestId: unknown
  message: string
  /** Name or class of the error. */
  kind: string
}

/** One way of calling the API with a client nobody here wrote. */
export interface SdkVariant {
  name: string
  signature: 'V1' | 'V3'
  /** @returns the body of the answer; rejects with the SDK's own error */
  call(caller: Caller, action: string, parameters: Record<string, string>): Promise<Record<string, unknown>>
  refusal(error: unknown): SdkRefusal
}

type Placement = { method: 'GET' | 'POST'; form: boolean }

function originOf({ endpoints, tls }: Caller): URL {
  return new URL(tls ? endpoints.apiTls : endpoints.api)
}

function config(caller: Caller, algorithm: 'v2' | undefined) {
  const origin = originOf(caller)
  return {
    accessKeyId: caller.accessKeyId,
    accessKeySecret: caller.accessKeySecret,
    endpoint: origin.host,
    protocol: origin.protocol.replace(':', ''),
    regionId: caller.endpoints.regionId,
    readTimeout: 20_000,
    ...(caller.securityToken ? { securityToken: caller.securityToken } : {}),
    ...(algorithm ? { signatureAlgorithm: algorithm } : {}),
    ...(caller.tls ? { ca: readFileSync(caller.endpoints.caFile, 'utf8') } : {}),
  }
}

function params(action: string, { method }: Placement) {
  return {
    action,
    version: '2020-04-20',
    protocol: 'HTTPS',
    pathname: '/',
    method,
    authType: 'AK',
    style: 'RPC',
    reqBodyType: 'formData',
    bodyType: 'json',
  }
}

/** An answer of callApi: `{ body, headers, statusCode }`. */
const bodyOf = (answer: Record<string, unknown>) => answer.body as Record<string, unknown>

function viaOpenApiClient(placement: Placement, algorithm?: 'v2'): SdkVariant['call'] {
  return async (caller, action, parameters) => {
    const client = new openApiClient.default(new openApiClient.Config(config(caller, algorithm)))
    const request = new openApiClient.OpenApiRequest(placement.form ? { body: parameters } : { query: parameters })
    const what = new openApiClient.Params(params(action, placement))
    return bodyOf(await client.callApi(what, request, new teaUtil.RuntimeOptions({})))
  }
}

/** openapi-core's retry settings; only its own errors are looked at. */
export type RetryOptions = NonNullable<InstanceType<typeof openApiCore.default>['_retryOptions']>

/** A client of openapi-core that tries again as its settings say. */
export function viaOpenApiCore(
  placement: Placement,
  algorithm?: 'v2',
  retryOptions?: RetryOptions,
): SdkVariant['call'] {
  return async (caller, action, parameters) => {
    const { $OpenApiUtil } = openApiCore
    const retry = retryOptions ? { retryOptions } : {}
    const client = new openApiCore.default(new $OpenApiUtil.Config({ ...config(caller, algorithm), ...retry }))
    const request = new $OpenApiUtil.OpenApiRequest(placement.form ? { body: parameters } : { query: parameters })
    const what = new $OpenApiUtil.Params(params(action, placement))
    const runtime = {} as Parameters<typeof client.callApi>[2] // its class lives in a package of the SDK's own
    return bodyOf(await client.callApi(what, request, runtime))
  }
}

function viaPopCore(method: 'GET' | 'POST'): SdkVariant['call'] {
  return (caller, action, parameters) => {
    const { accessKeyId, accessKeySecret } = caller
    const tls = caller.tls ? { ca: readFileSync(caller.endpoints.caFile, 'utf8') } : {}
    const client = new popCore({
      endpoint: originOf(caller).origin,
      apiVersion: '2020-04-20',
      accessKeyId,
      accessKeySecret,
      ...(caller.securityToken ? { securityToken: caller.securityToken } : {}),
      opts: { timeout: 20_000, ...tls },
    })
    return client.request<Record<string, unknown>>(action, parameters, { method })
  }
}

/** Fields in which the SDKs report; none of them types its errors. */
interface Reported {
  name?: string
  code?: unknown
  message: string
  statusCode?: unknown
  requestId?: unknown
  data?: Record<string, unknown>
  entry?: { response?: { statusCode?: unknown } }
}

const popCoreRefusal: SdkVariant['refusal'] = (error) => {
  const { name = '', code, message, data, entry } = error as Reported
  return { kind: name, code, message, requestId: data?.RequestId, status: entry?.response?.statusCode }
}

const clientRefusal: SdkVariant['refusal'] = (error) => {
  const { name = '', code, message, data } = error as Reported
  return { kind: name, code, message, requestId: data?.RequestId, status: data?.statusCode }
}

const coreRefusal: SdkVariant['refusal'] = (error) => {
  const { code, message, requestId, statusCode } = error as Reported
  const classes = ['ThrottlingError', 'ClientError', 'ServerError'] as const
  const kind = classes.find((name) => error instanceof openApiCore[name]) ?? (error as Reported).name ?? ''
  return { kind, code, message, requestId, status: statusCode }
}

const query = (method: 'GET' | 'POST'): Placement => ({ method, form: false })
const form: Placement = { method: 'POST', form: true }

/** Every client and every way it can be told to send. */
export const sdks: readonly SdkVariant[] = [
  { name: 'pop-core GET', signature: 'V1', call: viaPopCore('GET'), refusal: popCoreRefusal },
  { name: 'pop-core POST form', signature: 'V1', call: viaPopCore('POST'), refusal: popCoreRefusal },
  { name: 'openapi-client V3 POST', signature: 'V3', call: viaOpenApiClient(query('POST')), refusal: clientRefusal },
  { name: 'openapi-client V3 GET', signature: 'V3', call: viaOpenApiClient(query('GET')), refusal: clientRefusal },
  { name: 'openapi-client V3 form', signature: 'V3', call: viaOpenApiClient(form), refusal: clientRefusal },
  {
    name: 'openapi-client V1 POST',
    signature: 'V1',
    call: viaOpenApiClient(query('POST'), 'v2'),
    refusal: clientRefusal,
  },
  { name: 'openapi-client V1 form', signature: 'V1', call: viaOpenApiClient(form, 'v2'), refusal: clientRefusal },
  { name: 'openapi-core V3 POST', signature: 'V3', call: viaOpenApiCore(query('POST')), refusal: coreRefusal },
  { name: 'openapi-core V3 GET', signature: 'V3', call: viaOpenApiCore(query('GET')), refusal: coreRefusal },
  { name: 'openapi-core V3 form', signature: 'V3', call: viaOpenApiCore(form), refusal: coreRefusal },
  { name: 'openapi-core V1 POST', signature: 'V1', call: viaOpenApiCore(query('POST'), 'v2'), refusal: coreRefusal },
  { name: 'openapi-core V1 form', signature: 'V1', call: viaOpenApiCore(form, 'v2'), refusal: coreRefusal },
]
