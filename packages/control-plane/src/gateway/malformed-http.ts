import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../api-error.ts'
import type { ErrorCode } from '../errors.ts'
import { refuse, restOn } from './answer.ts'
import { Call } from './call.ts'
import { errorBody } from './error-body.ts'
import { lingerMs } from './linger.ts'
import { logEntryOf } from './log-entry.ts'
import type { Plane } from './plane.ts'

const codeByParserError: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'RequestHeaderTooLarge',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'RequestTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'RequestTimeout',
}

const answered = new WeakSet<Socket>()

/** Answers bytes that are no HTTP request, in the envelope, and ends the connection. LIMITS A-29 */
export function answerMalformedHttp(plane: Plane, error: ConnectionError, socket: Socket): void {
  if (answered.has(socket)) return // the parser complains of each further chunk
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  refuseBelowHttp(
    plane,
    new ApiError(codeByParserError[error.code] ?? 'MalformedRequest', { detail: error.message }),
    socket,
  )
}

/** Answers CONNECT, which Node hands over as a bare socket; an Upgrade is a call like any other. */
export function answerConnect(plane: Plane, socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.resume() // Node reads it no longer
  refuseBelowHttp(
    plane,
    new ApiError('UnsupportedHTTPMethod', { detail: 'the API takes GET and POST, not CONNECT' }),
    socket,
  )
}

/** Writes an answer where there is nothing of Node to write it, and ends the connection. */
function refuseBelowHttp(plane: Plane, refusal: ApiError, socket: Socket): void {
  const call = new Call(plane.nextRequestId(), plane.clock.monotonic(), socket.remoteAddress ?? '')
  call.refusal = refusal
  restOn(plane, call, refusal)
  plane.log.write(logEntryOf(call, refusal.status, plane.clock.monotonic()))
  answered.add(socket)
  plane.clock.after(lingerMs, () => socket.destroy())
  const body = call.rendering.write(errorBody(refusal, call.requestId, plane.settings.regionId), 'Error')
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nConnection: close\r\n` +
      `Content-Type: ${call.rendering.contentType}\r\nX-Acs-Request-Id: ${call.requestId}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/** Answers a request whose path cannot be decoded: no hook has run for it yet. */
export function answerBadPath(plane: Plane, error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const call = new Call(request.id, plane.clock.monotonic(), request.socket.remoteAddress ?? '')
  refuse(reply, plane, call, new ApiError('InvalidAction.NotFound', { detail: error.message, cause: 'unknown-path' }))
}
