import type { FastifyInstance } from 'fastify'
import { seedSchema } from '../seed/seed-schema.ts'

/** `GET /seed/schema`: the JSON Schema of a seed file (features G1). */
export function seedRoute(app: FastifyInstance): void {
  const text = JSON.stringify(seedSchema)
  app.get('/seed/schema', async (_request, reply) => reply.type('application/schema+json').send(text))
}
