import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../api-error.ts'
import type { ErrorCode } from '../errors.ts'
import { refuse, restOn } from './answer.ts'
import { failBody } from './body.ts'
import { Call } from './call.ts'
import type { Connections } from './connections.ts'
import { errorBody } from './error-body.ts'
import { isLingering, lingerMs } from './linger.ts'
import { logEntryOf } from './log-entry.ts'
import type { Plane } from './plane.ts'
import { callOf } from './replies.ts'

const codeByParserError: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'RequestHeaderTooLarge',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'RequestTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'RequestTimeout',
}

/** Errors of a handshake, among them that of plain HTTP on the port of HTTPS: there is nobody to answer. */
const tlsErrors = /^(ERR_SSL_|ERR_TLS_|EPROTO)/

const refused = new WeakSet<Socket>()

/**
 * Answers bytes that are no HTTP request, in the envelope, and ends the connection. Where they stand in the body of a
 * call, that call answers; where calls before them have no answer yet, theirs come first. LIMITS A-29
 */
export function answerMalformedHttp(
  plane: Plane,
  connections: Connections,
  error: ConnectionError,
  socket: Socket,
): void {
  if (refused.has(socket) || isLingering(socket)) return // the parser complains of each further chunk
  refused.add(socket)
  if (tlsErrors.test(error.code)) {
    refuseBelowTls(plane, error, socket)
    return
  }
  const isGone = error.code === 'ECONNRESET' || !socket.writable
  const refusal = isGone ? brokenOff(error) : unreadable(error)
  if (failBody(socket, refusal)) return
  if (!isGone) connections.whenAnswered(socket, () => refuseBelowHttp(plane, refusal, socket))
  else {
    if (socket.bytesRead > 0 && !connections.hasCalled(socket)) logRefusal(plane, refusal, socket)
    socket.destroy()
  }
}

function refuseBelowTls({ log }: Plane, { message }: ConnectionError, socket: Socket): void {
  const { remoteAddress = '' } = socket
  log.write({
    plane: 'api',
    kind: 'refuse',
    cause: 'tls-failed',
    message: `the TLS handshake failed: ${message.trim()}`,
    remoteAddress,
  })
  socket.destroy()
}

function unreadable({ code, message }: ConnectionError): ApiError {
  return new ApiError(codeByParserError[code] ?? 'MalformedRequest', { detail: message })
}

function brokenOff({ message }: ConnectionError): ApiError {
  return new ApiError('MalformedRequest', {
    detail: `the connection was lost: ${message}`,
    cause: 'request-broken-off',
  })
}

/** Answers CONNECT, which Node hands over as a bare socket; an Upgrade is a call like any other. */
export function answerConnect(plane: Plane, connections: Connections, socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.resume() // Node reads it no longer
  const refusal = new ApiError('UnsupportedHTTPMethod', { detail: 'the API takes GET and POST, not CONNECT' })
  connections.whenAnswered(socket, () => refuseBelowHttp(plane, refusal, socket))
}

/** Enters a refusal that no call stands for. */
function logRefusal(plane: Plane, refusal: ApiError, socket: Socket): Call {
  const call = new Call(plane.nextRequestId(), plane.clock.monotonic(), socket.remoteAddress ?? '')
  call.refusal = refusal
  restOn(plane, call, refusal)
  plane.log.write(logEntryOf(call, refusal.status, plane.clock.monotonic()))
  return call
}

/** Writes an answer where there is nothing of Node to write it, and ends the connection. */
function refuseBelowHttp(plane: Plane, refusal: ApiError, socket: Socket): void {
  const { rendering, requestId } = logRefusal(plane, refusal, socket)
  const { status } = refusal
  plane.clock.after(lingerMs, () => socket.destroy())
  const body = rendering.write(errorBody(refusal, requestId, plane.settings.regionId), 'Error')
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
      `Content-Type: ${rendering.contentType}\r\nX-Acs-Request-Id: ${requestId}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/** Answers a request whose path cannot be decoded: no hook has run for it yet. */
export function answerBadPath(plane: Plane, _error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const path = (request.raw.url ?? '').split('?', 1)[0]!.slice(0, 128) // a query may carry a signature
  const detail = `the path ${path} cannot be decoded`
  refuse(
    reply,
    plane,
    callOf(request, plane),
    new ApiError('InvalidAction.NotFound', { detail, cause: 'unknown-path' }),
  )
}
