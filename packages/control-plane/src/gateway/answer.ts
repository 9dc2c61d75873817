import type { FastifyReply } from 'fastify'
import { statusIn, type ApiError } from '../api-error.ts'
import type { Decision } from '../throttle/decision.ts'
import type { Call } from './call.ts'
import { errorBody } from './error-body.ts'
import { hasUnreadBody, lingering } from './linger.ts'
import { logEntryOf } from './log-entry.ts'
import type { Plane } from './plane.ts'
import { json, renderingSeenIn } from './rendering.ts'

/**
 * The one place where an answer leaves: writes the log first, so that whoever has the answer finds its entry.
 *
 * @param status HTTP status
 */
function send(reply: FastifyReply, plane: Plane, call: Call, status: number, body: object): FastifyReply {
  plane.log.write(logEntryOf(call, status, plane.clock.monotonic()))
  reply.code(status)
  reply.header('content-type', call.rendering.contentType)
  reply.header('x-acs-request-id', call.requestId)
  if (call.verdict?.decisive) limitHeaders(reply, call.verdict.decisive)
  const text = call.rendering.write(body, status < 400 ? `${call.action}Response` : 'Error')
  for (const id of call.rendering.restsOn(text)) plane.assume(id, call.operation?.action)
  const { raw } = reply.request
  if (!hasUnreadBody(raw)) return reply.send(text)
  reply.header('connection', 'close').header('content-length', Buffer.byteLength(text))
  return reply.send(lingering(raw, text, plane.clock))
}

/** What the SDK cores read: the retry-after, and before it the two rate limits, of which the larger TimeLeft counts. */
function limitHeaders(reply: FastifyReply, decision: Decision): void {
  const { limit, remaining, retryAfterMs, resetMs } = decision
  const rate = `Limit:${limit},Remain:${remaining},TimeLeft:${retryAfterMs},Reset:${resetMs}`
  reply.header('x-ratelimit-user-api', rate)
  reply.header('x-ratelimit-user', rate)
  if (!decision.admitted) reply.header('x-acs-retry-after', String(retryAfterMs)) // LIMITS A-25
}

/** Answers a call that was done. @param result of the operation */
export function answer(reply: FastifyReply, plane: Plane, call: Call, result: object): FastifyReply {
  return send(reply, plane, call, 200, { RequestId: call.requestId, ...result })
}

/** Tells the ledger which assumptions a refusal rests on. */
export function restOn({ assume }: Plane, call: Call, refusal: ApiError): void {
  for (const id of refusal.restsOn) assume(id, call.operation ? `${call.action}: ${refusal.code}` : refusal.code)
}

/** Answers a call that was refused. */
export function refuse(reply: FastifyReply, plane: Plane, call: Call, refusal: ApiError): FastifyReply {
  call.refusal = refusal
  if (call.rendering === json) call.rendering = renderingSeenIn(reply.request.raw.url ?? '')
  restOn(plane, call, refusal)
  const { errorProfile, regionId } = plane.settings
  const status = statusIn(errorProfile, refusal)
  return send(reply, plane, call, status, errorBody(refusal, call.requestId, regionId))
}

/** The same, after a look at what comes close to what was asked for and not found (features B8). */
export function refuseOrSearch(
  reply: FastifyReply,
  plane: Plane,
  call: Call,
  refusal: ApiError,
): FastifyReply | Promise<FastifyReply> {
  const search = plane.nearMisses.search(call, refusal)
  if (search === undefined) return refuse(reply, plane, call, refusal)
  return search.then((found) => {
    call.nearMiss = found
    return refuse(reply, plane, call, refusal)
  })
}
