import { createHash, createHmac, randomUUID } from 'node:crypto'
import fastify, { type FastifyRequest } from 'fastify'
import { answerParent } from '../lib/child.ts'

/** What the smallest API is to do. */
export interface BareRouteOrder {
  /** With a secret the V3 signature is verified, and nothing else; without one the route only answers. */
  secret?: string
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

const emptyHash = createHash('sha256').update('').digest('hex')

/** Verification in plain code, as the vendor's page tells it: what no emulator of this API can go without. */
function isSignedWith(secret: string, { headers, method, query }: FastifyRequest): boolean {
  const match = /SignedHeaders=([^,]+),Signature=(\w+)/.exec(headers.authorization ?? '')
  if (!match || headers['x-acs-content-sha256'] !== emptyHash) return false
  const [, names, signature] = match
  const canonicalQuery = Object.entries(query as Record<string, string>)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')
  const canonicalHeaders = names!.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  const canonical = [method, '/', canonicalQuery, canonicalHeaders.join(''), names, emptyHash].join('\n')
  const hash = createHash('sha256').update(canonical).digest('hex')
  return createHmac('sha256', secret).update(`ACS3-HMAC-SHA256\n${hash}`).digest('hex') === signature
}

answerParent(async ({ secret }: BareRouteOrder) => {
  const app = fastify()
  app.post('/', async (request, reply) => {
    if (secret !== undefined && !isSignedWith(secret, request))
      return reply.code(400).send({ Code: 'SignatureDoesNotMatch' })
    const { DeviceSn } = request.query as Record<string, string>
    return { RequestId: randomUUID().toUpperCase(), DeviceSn }
  })
  return app.listen({ host: '127.0.0.1', port: 0 })
})
