import type { FastifyInstance } from 'fastify'

/** What a reset leaves behind. */
export interface ResetRequest {
  /** `seed`: as at the first start; `empty`: the same without CA certificates. */
  to: 'seed' | 'empty'
  /** `keep`: CAs and server certificate stay; `renew`: new ones are made. */
  trust: 'keep' | 'renew'
}

/** Puts every part back. */
export type Reset = (request: ResetRequest) => Promise<void>

const query = {
  type: 'object',
  additionalProperties: false,
  properties: { to: { enum: ['seed', 'empty'] }, trust: { enum: ['keep', 'renew'] } },
}

/** `POST /reset?to=seed|empty&trust=keep|renew` (features G2). */
export function resetRoute(app: FastifyInstance, reset: Reset): void {
  app.post<{ Querystring: Partial<ResetRequest> }>('/reset', { schema: { querystring: query } }, async (request) => {
    const { to = 'seed', trust = 'keep' } = request.query
    await reset({ to, trust })
    return { to, trust }
  })
}
