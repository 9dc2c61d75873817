import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../api-error.ts'
import type { ErrorCode } from '../errors.ts'
import { refuse, restOn } from './answer.ts'
import { Call } from './call.ts'
import { errorBody } from './error-body.ts'
import { logEntryOf } from './log-entry.ts'
import type { Plane } from './plane.ts'

const codeByParserError: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'RequestHeaderTooLarge',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'RequestTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'RequestTimeout',
}

/**
 * How long a refused client may go on sending. What it sends is read and dropped meanwhile: a socket that is closed
 * with bytes unread is reset, and the answer may be lost with it.
 */
const lingerMs = 1_000

const answered = new WeakSet<Socket>()

/** Answers bytes that are no HTTP request, in the envelope, and ends the connection. LIMITS A-29 */
export function answerMalformedHttp(plane: Plane, error: ConnectionError, socket: Socket): void {
  if (answered.has(socket)) return // the parser complains of each further chunk
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const refusal = new ApiError(codeByParserError[error.code] ?? 'MalformedRequest', { detail: error.message })
  const call = new Call(plane.nextRequestId(), plane.clock.monotonic(), socket.remoteAddress ?? '')
  call.refusal = refusal
  restOn(plane, call, refusal)
  plane.log.write(logEntryOf(call, refusal.status, plane.clock.monotonic()))
  answered.add(socket)
  plane.clock.after(lingerMs, () => socket.destroy())
  const body = call.rendering.write(errorBody(refusal, call.requestId, plane.settings.regionId), 'Error')
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nConnection: close\r\n` +
      `Content-Type: ${call.rendering.contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/** Answers a request whose path cannot be decoded: no hook has run for it yet. */
export function answerBadPath(plane: Plane, error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const call = new Call(request.id, plane.clock.monotonic(), request.socket.remoteAddress ?? '')
  refuse(reply, plane, call, new ApiError('InvalidAction.NotFound', { detail: error.message, cause: 'unknown-path' }))
}
