import type { Socket } from 'node:net'
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import { answer } from './gateway/answer.ts'
import { body } from './gateway/body.ts'
import { found, type Call } from './gateway/call.ts'
import { Connections } from './gateway/connections.ts'
import { steps } from './gateway/gateway-step.ts'
import { gateway } from './gateway/index.ts'
import { answerBadPath, answerConnect, answerMalformedHttp } from './gateway/malformed-http.ts'
import type { Plane } from './gateway/plane.ts'
import { pause } from './gateway/pause.ts'
import { replies } from './gateway/replies.ts'
import type { CallContext, OperationContext } from './operations/define-operation.ts'

/** Longest request line and header: PEMs of RegisterCaCertificate travel in the URL. */
const maxHeaderBytes = 128 * 1024

/** How patient a listener is. LIMITS A-69 */
export interface Patience {
  /** Milliseconds a request, or the handshake before it, may take to arrive. */
  requestMs: number
  /** Milliseconds a connection may be silent while a call is under way or an answer is not read. */
  silenceMs: number
}

const patience: Patience = { requestMs: 60_000, silenceMs: 120_000 }

/** What an app is told besides what the control plane knows. */
export interface AppOptions {
  /** Key and certificate of an HTTPS listener, PEM. */
  https?: { key: string; cert: string }
  patience?: Patience
}

const noQuery = Object.freeze({})

function serverOptions(plane: Plane, connections: Connections, options: AppOptions): FastifyServerOptions {
  const { https } = options
  const { requestMs, silenceMs } = options.patience ?? patience
  const http = {
    maxHeaderSize: maxHeaderBytes,
    insecureHTTPParser: false,
    requireHostHeader: false, // Node would answer a request without Host by itself, with no body
    headersTimeout: requestMs,
    connectionsCheckingInterval: Math.ceil(requestMs / 4),
  }
  const server = {
    ...(https ? { https: { ...https, ...http, handshakeTimeout: requestMs } } : { http }),
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false, // its answer is not in the envelope
    requestTimeout: requestMs,
    connectionTimeout: silenceMs,
    routerOptions: { querystringParser: () => noQuery }, // read once, by the gateway
    genReqId: () => plane.nextRequestId(),
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    clientErrorHandler: (error, socket) => answerMalformedHttp(plane, connections, error, socket),
    frameworkErrors: (error, request, reply) => answerBadPath(plane, error, request, reply),
  } satisfies FastifyServerOptions & { https?: object }
  return server as FastifyServerOptions
}

async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { call } = request
  const { plane } = request.server
  const operation = found(call.operation, 'the operation')
  return answer(reply, plane, call, await operation.handle(call.parameters, contextOf(call, plane)))
}

function contextOf(call: Call, { store, clock, random, assume, settings }: Plane) {
  const change = { at: clock.now(), accessKeyId: call.accessKeyId, requestId: call.requestId }
  const { accountId } = found(call.caller, 'the caller')
  const context: CallContext & Partial<OperationContext> = {
    accountId,
    settings,
    store,
    clock,
    random,
    assume,
    change,
  }
  if (call.instance) context.instance = call.instance
  return context
}

/** The HTTP API: the gateway in order and the one route behind it. Does not listen. */
export function createApp(plane: Plane, options: AppOptions = {}): FastifyInstance {
  const connections = new Connections(plane)
  const app = fastify(serverOptions(plane, connections, options))
  app.decorate('plane', plane)
  connections.watch(app.server)
  app.addHook('preClose', async () => connections.end())
  // Node would answer an unknown Expect by itself, with no body
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  app.server.on('connect', (_request, socket: Socket) => answerConnect(plane, connections, socket))
  app.register(replies)
  app.register(body)
  app.register(pause)
  app.register(steps)
  for (const step of gateway) app.register(step)
  app.after(() => app.route({ method: ['GET', 'POST'], url: '/', handler: handle }))
  return app
}
