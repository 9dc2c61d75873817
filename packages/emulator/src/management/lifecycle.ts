import { isSerialNumber, type Clock } from '@apsaramq/model'
import type { FastifyInstance } from 'fastify'
import { livesOf, type LifeParts } from '../lifecycle/certificate-life.ts'

/** What the route reads. */
export interface LifecycleParts extends LifeParts {
  clock: Clock
}

const query = {
  type: 'object',
  additionalProperties: false,
  properties: { caSn: { type: 'string', minLength: 1, maxLength: 128 } },
}

const wrongNumber = 'is no serial number: hex digits, at most 128'

/** `GET /certificates/:sn?caSn=`: the life of a certificate, of a device or a CA. */
export function lifecycleRoute(app: FastifyInstance, parts: () => LifecycleParts): void {
  app.get<{ Params: { sn: string }; Querystring: { caSn?: string } }>(
    '/certificates/:sn',
    { schema: { querystring: query } },
    async ({ params: { sn }, query: { caSn } }, reply) => {
      const wrong = [sn, caSn ?? sn].find((text) => !isSerialNumber(text))
      if (wrong !== undefined) {
        return reply.code(400).send({ error: 'no-serial-number', message: `${JSON.stringify(wrong)} ${wrongNumber}` })
      }
      const { clock, ...lifeParts } = parts()
      const certificates = await livesOf(lifeParts, { sn, caSn, now: clock.now() })
      const { since, forgotten } = lifeParts.lifecycles.extent
      if (certificates.length > 0) return { certificates, since, forgotten }
      const under = caSn === undefined ? '' : ` under CA ${caSn}`
      const message = `no certificate ${sn}${under} is registered, and none was seen since ${new Date(since).toISOString()}; the log of its client id or GET /cas may tell more`
      return reply.code(404).send({ error: 'unknown-certificate', message })
    },
  )
}
