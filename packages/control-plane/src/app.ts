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
import { gateway } from './gateway/index.ts'
import { answerBadPath, answerConnect, answerMalformedHttp } from './gateway/malformed-http.ts'
import type { Plane } from './gateway/plane.ts'
import { replies } from './gateway/replies.ts'

/** Longest request line and header: PEMs of RegisterCaCertificate travel in the URL. */
const maxHeaderBytes = 128 * 1024

/** How long a request may take to arrive. */
const requestTimeoutMs = 60_000

/** Key and certificate of an HTTPS listener, PEM. */
export interface AppOptions {
  https?: { key: string; cert: string }
}

const noQuery = Object.freeze({})

function serverOptions(plane: Plane, { https }: AppOptions): FastifyServerOptions {
  // Node would answer a request without Host by itself, with no body
  const http = { maxHeaderSize: maxHeaderBytes, insecureHTTPParser: false, requireHostHeader: false }
  const options = {
    ...(https ? { https: { ...https, ...http } } : { http }),
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false, // its answer is not in the envelope
    requestTimeout: requestTimeoutMs,
    routerOptions: { querystringParser: () => noQuery }, // read once, by the gateway
    genReqId: () => plane.nextRequestId(),
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    clientErrorHandler: (error, socket) => answerMalformedHttp(plane, error, socket),
    frameworkErrors: (error, request, reply) => answerBadPath(plane, error, request, reply),
  } satisfies FastifyServerOptions & { https?: object }
  return options as FastifyServerOptions
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
  return { accountId, ...(call.instance && { instance: call.instance }), settings, store, clock, random, assume, change }
}

/** The HTTP API: the gateway in order and the one route behind it. Does not listen. */
export function createApp(plane: Plane, options: AppOptions = {}): FastifyInstance {
  const app = fastify(serverOptions(plane, options))
  app.decorate('plane', plane)
  const connections = new Connections(app.server, plane.clock)
  app.addHook('preClose', async () => connections.end())
  // Node would answer an unknown Expect by itself, with no body
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  app.server.on('connect', (_request, socket: Socket) => answerConnect(plane, socket))
  app.register(replies)
  app.register(body)
  for (const step of gateway) app.register(step)
  app.after(() => app.route({ method: ['GET', 'POST'], url: '/', handler: handle }))
  return app
}
