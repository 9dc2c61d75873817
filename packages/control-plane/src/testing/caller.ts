import { signRequest, type CallToSign, type WireRequest } from './signed-request.ts'
import { keys, regionId, type World } from './world.ts'

/** What a client reads of an answer. */
export interface Answer {
  status: number
  headers: Record<string, unknown>
  body: Record<string, unknown>
}

/** Sends a request that is signed already. */
export async function send({ app }: World, request: WireRequest): Promise<Answer> {
  const response = await app.inject(request)
  return { status: response.statusCode, headers: response.headers, body: response.json() }
}

let nonces = 0

/** Signs a call of now with a nonce of its own and the owner's key, unless told otherwise. */
export function signed(world: World, action: string, more: Partial<CallToSign> = {}): WireRequest {
  nonces += 1
  const defaults = { parameters: {}, key: keys.owner, at: world.clock.now(), nonce: `nonce-${nonces}` }
  return signRequest({ action, ...defaults, ...more })
}

/** Signs and sends a call. */
export function call(
  world: World,
  action: string,
  parameters: Record<string, string>,
  more: Partial<CallToSign> = {},
): Promise<Answer> {
  return send(world, signed(world, action, { parameters, ...more }))
}

/** The whole body of an error. */
export function errorBodyOf(answer: Answer, code: string, message: string, region = regionId): object {
  const requestId = String(answer.body.RequestId)
  return {
    RequestId: requestId,
    Message: message,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${code}&product=OnsMqtt&requestId=${requestId}`,
    HostId: `onsmqtt.${region}.aliyuncs.com`,
    Code: code,
  }
}
