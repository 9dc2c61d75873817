import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ApiError } from '../api-error.ts'
import { Call } from './call.ts'
import type { Plane } from './plane.ts'
import { refuse, refuseOrSearch } from './answer.ts'
import { refusalOf } from './refusal-of.ts'
import { refusalOfShape } from './request-shape.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What the gateway works with. */
    plane: Plane
  }
  interface FastifyRequest {
    /** What the gateway knows of this call. */
    call: Call
  }
}

/** Everything that is not a call of the API at `/`: the vendor has no such page, so the nearest code answers. */
function notServed(url: string, method: string): ApiError {
  const path = url.split('?', 1)[0]!.slice(0, 128)
  if (path === '/')
    return new ApiError('UnsupportedHTTPMethod', { detail: `the API takes GET and POST, not ${method}` })
  return new ApiError('InvalidAction.NotFound', { detail: `the API lives at /, not at ${path}`, cause: 'unknown-path' })
}

function refusalBeforeReading(request: FastifyRequest): ApiError | undefined {
  const oddShape = refusalOfShape(request.raw)
  if (oddShape) return oddShape
  return request.is404 ? notServed(request.raw.url ?? '', request.method) : undefined
}

/** The call that a request is, before anything is known of it. */
export function callOf(request: FastifyRequest, { clock }: Plane): Call {
  const secure = request.protocol === 'https'
  return new Call(request.id, clock.monotonic(), request.socket.remoteAddress ?? '', secure)
}

/** The parser of Node.js reads methods of RTSP, which fastify has no route and runs no hook for. */
function noHttp({ method }: FastifyRequest): ApiError {
  return new ApiError('MalformedRequest', { detail: `Parse Error: ${method} is no method of HTTP` })
}

/** The envelope: each request is a call with a RequestId, and whatever is thrown becomes an answer in the vendor's form. */
export const replies = fp(
  async (app) => {
    const { plane } = app
    app.decorateRequest('call')
    app.addHook('onRequest', (request, _reply, done) => {
      request.call = callOf(request, plane)
      done(refusalBeforeReading(request))
    })
    app.setNotFoundHandler((request, reply) =>
      refuse(reply, plane, request.call, notServed(request.raw.url ?? '', request.method)),
    )
    app.setErrorHandler((error, request, reply) => {
      const call = request.call as Call | undefined // unset where no hook has run
      if (!call) return refuse(reply, plane, callOf(request, plane), noHttp(request))
      return refuseOrSearch(reply, plane, call, refusalOf(error, call.operation?.wording.internalError))
    })
  },
  { name: 'replies' },
)
