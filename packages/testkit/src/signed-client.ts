import http from 'node:http'
import https from 'node:https'
import { randomUuid, systemClock, systemRandom, type Clock, type Random } from '@apsaramq/model'
import { signedRequest, type CallDescription, type SignedRequest } from './signed-request.ts'

/** How a {@link SignedClient} reaches the API and signs. */
export interface SignedClientOptions {
  /** Origin of the API, for example http://127.0.0.1:8480. */
  endpoint: string
  accessKeyId: string
  accessKeySecret: string
  /** V3 without a value. */
  signature?: CallDescription['signature']
  /** POST without a value. */
  method?: CallDescription['method']
  /** query without a value. */
  placement?: CallDescription['placement']
  securityToken?: string
  /** PEM of the CA that signed the server's certificate, for https. */
  ca?: string
  /** Connections kept alive at most; 16 without a value. */
  connections?: number
  /** Longest wait for an answer in milliseconds; 10,000 without a value. */
  answerWithinMs?: number
  clock?: Clock
  random?: Random
}

/** What the API answered, whatever its status. */
export interface ApiAnswer {
  status: number
  headers: http.IncomingHttpHeaders
  /** The JSON body; lists and nested values are unknown until looked at. */
  body: Record<string, unknown>
  /** `RequestId` of the body, empty where it has none. */
  requestId: string
}

/** Calls the API over kept-alive connections. */
export interface SignedClient {
  /** Signs and sends one call. @throws {Error} when no JSON answer came */
  call(action: string, parameters?: Readonly<Record<string, string>>): Promise<ApiAnswer>
  /** The request that `call` would send now, for tests that spoil or repeat it. */
  prepare(action: string, parameters?: Readonly<Record<string, string>>): SignedRequest
  /** Sends a request as it is. */
  send(request: SignedRequest): Promise<ApiAnswer>
  /** Closes the connections. */
  close(): void
}

/** Makes a client of the OnsMqtt API that knows no SDK: what it sends is all that the signature pages ask for. */
export function signedClient(options: SignedClientOptions): SignedClient {
  const { clock = systemClock, random = systemRandom, endpoint, ca, connections = 16, ...credentials } = options
  const origin = new URL(endpoint)
  const settings = { keepAlive: true, maxSockets: connections }
  const secure = origin.protocol === 'https:'
  const agent = secure ? new https.Agent({ ...settings, ...(ca ? { ca } : {}) }) : new http.Agent(settings)
  const answerWithinMs = options.answerWithinMs ?? 10_000
  const prepare: SignedClient['prepare'] = (action, parameters = {}) =>
    signedRequest({
      signature: 'V3',
      method: 'POST',
      placement: 'query',
      ...credentials,
      action,
      parameters,
      host: origin.host,
      at: clock.now(),
      nonce: randomUuid(random),
    })
  const send: SignedClient['send'] = (request) => exchange({ origin, agent, request, clock, answerWithinMs })
  return {
    prepare,
    send,
    call: (action, parameters) => send(prepare(action, parameters)),
    close: () => agent.destroy(),
  }
}

interface Exchange {
  origin: URL
  agent: http.Agent
  request: SignedRequest
  clock: Clock
  answerWithinMs: number
}

function exchange({ origin, agent, request, clock, answerWithinMs }: Exchange): Promise<ApiAnswer> {
  const { method, path, headers, body } = request
  const open = origin.protocol === 'https:' ? https.request : http.request
  return new Promise((resolve, reject) => {
    const outgoing = open({ hostname: bare(origin.hostname), port: origin.port, agent, method, path, headers })
    const cancel = clock.after(answerWithinMs, () =>
      outgoing.destroy(new Error(`no answer from ${origin.origin} within ${answerWithinMs} ms`)),
    )
    outgoing.on('error', (error) => {
      cancel()
      reject(error)
    })
    outgoing.on('response', (incoming) => {
      readAnswer(incoming).then(resolve, reject).finally(cancel)
    })
    outgoing.end(body)
  })
}

async function readAnswer(incoming: http.IncomingMessage): Promise<ApiAnswer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer) // without an encoding a stream of bytes gives buffers
  const text = Buffer.concat(chunks).toString('utf8')
  const status = incoming.statusCode ?? 0
  const body = parseObject(text, status)
  const requestId = typeof body.RequestId === 'string' ? body.RequestId : ''
  return { status, headers: incoming.headers, body, requestId }
}

function parseObject(text: string, status: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    throw new Error(`the answer (HTTP ${status}) is not JSON: ${text.slice(0, 200)}`, { cause })
  }
  throw new Error(`the answer (HTTP ${status}) is no JSON object: ${text.slice(0, 200)}`)
}

/** An IPv6 literal without its brackets, as sockets want it. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
