import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Cause, EventLog } from '@apsaramq/model'

/** Who may use the management port. */
export interface GateOptions {
  /** Asked of every request but health and readiness; empty for none. */
  token: string
  /** Host names, without a port, that a Host header may have where there is no token. */
  hosts: readonly string[]
  log: EventLog
}

/** Health and readiness tell nothing worth guarding, and whoever orchestrates a container must get at them. */
const open = new Set(['/ready', '/health'])

function hostNameOf(header: string): string {
  return header
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
}

function bearerIs(token: string, authorization: string | undefined): boolean {
  const given = Buffer.from(authorization ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** A page of another site may not write: a browser says in Origin where a request comes from. */
function isForeignOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
}

function refusal(request: FastifyRequest, { token, hosts }: GateOptions): Cause | undefined {
  if (token !== '') {
    return open.has(request.routeOptions.url ?? '') || bearerIs(token, request.headers.authorization)
      ? undefined
      : 'token-wrong'
  }
  // a name that is rebound to the loopback still shows in the Host header
  if (!hosts.includes(hostNameOf(request.headers.host ?? ''))) return 'host-not-allowed'
  return undefined
}

/** Refuses who may not use the management port, before any route runs. */
export function guardManagement(app: FastifyInstance, options: GateOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    const cause = refusal(request, options) ?? (isForeignOrigin(request) ? 'host-not-allowed' : undefined)
    if (cause) return refuse(request, reply, cause, options.log)
  })
}

function refuse(request: FastifyRequest, reply: FastifyReply, cause: Cause, log: EventLog): FastifyReply {
  const message =
    cause === 'token-wrong'
      ? 'send the management token as "Authorization: Bearer TOKEN"'
      : `Host ${request.headers.host ?? '(none)'} and Origin ${request.headers.origin ?? '(none)'} are not this emulator's`
  log.write({ plane: 'management', kind: 'refuse', cause, message, remoteAddress: request.ip })
  return reply.code(cause === 'token-wrong' ? 401 : 403).send({ error: cause, message })
}
