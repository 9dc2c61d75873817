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

/** The envelope: each request is a call with a RequestId, and whatever is thrown becomes an answer in the vendor's form. */
export const replies = fp(
  async (app) => {
    const { plane } = app
    app.decorateRequest('call')
    app.addHook('onRequest', (request, _reply, done) => {
      const secure = request.protocol === 'https'
      request.call = new Call(request.id, plane.clock.monotonic(), request.socket.remoteAddress ?? '', secure)
      done(refusalBeforeReading(request))
    })
    app.setNotFoundHandler((request, reply) =>
      refuse(reply, plane, request.call, notServed(request.raw.url ?? '', request.method)),
    )
    app.setErrorHandler((error, request, reply) => {
      const { call } = request
      return refuseOrSearch(reply, plane, call, refusalOf(error, call.operation?.wording.internalError))
    })
  },
  { name: 'replies' },
)
