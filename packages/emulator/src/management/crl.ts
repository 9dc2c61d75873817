import { isSerialNumber, serialNumberKey, type CaCertificate } from '@apsaramq/model'
import { pemOfDer } from '@apsaramq/pki'
import type { FastifyInstance } from 'fastify'
import { createCrlMaker, keyOfCa, type CrlParts } from './crl-of-ca.ts'

const text = { type: 'string', minLength: 1, maxLength: 128 }
const query = {
  type: 'object',
  additionalProperties: false,
  properties: { instance: text, format: { enum: ['der', 'pem'] } },
}

type Format = 'der' | 'pem'
type Query = { instance?: string; format?: Format }

/** RFC 2585 §4; PEM has no type of its own. */
const types = { der: 'application/pkix-crl', pem: 'application/x-pem-file' } as const

/** A list cannot be given; tells the client why. */
interface Denial {
  status: number
  error: string
  message: string
}

const denial = (status: number, error: string, message: string): Denial => ({ status, error, message })

/**
 * `GET /crl/:caSn?instance&format=der|pem`: the inactive device certificates of a CA as a revocation list, signed by
 * the CA. What was deleted is not on it, as it may come back (features C14, C15).
 */
export function crlRoute(app: FastifyInstance, parts: () => CrlParts): void {
  const maker = createCrlMaker()
  app.get<{ Params: { caSn: string }; Querystring: Query }>(
    '/crl/:caSn',
    { schema: { querystring: query } },
    async (request, reply) => {
      const { store, cas, clock } = parts()
      const ca = await findCa(request.params.caSn, request.query.instance, { store })
      if ('error' in ca) return reply.code(ca.status).send({ error: ca.error, message: ca.message })
      const key = await keyOfCa(cas, ca)
      if (!key) return reply.code(409).send({ error: 'ca-key-not-held', message: keyNotHeld(ca) })
      const list = await maker.make(ca, key, { store, clock })
      const { format = formatOf(request.headers.accept) } = request.query
      void reply.type(types[format])
      return format === 'pem' ? pemOfDer(list, 'X509 CRL') : Buffer.from(list)
    },
  )
}

function formatOf(accept = ''): Format {
  return accept.includes(types.pem) && !accept.includes(types.der) ? 'pem' : 'der'
}

async function findCa(
  sn: string,
  instanceId: string | undefined,
  { store }: Pick<CrlParts, 'store'>,
): Promise<CaCertificate | Denial> {
  if (!isSerialNumber(sn)) {
    return denial(400, 'no-serial-number', `${JSON.stringify(sn)} is no serial number: hex digits, at most 128`)
  }
  const { records } = await store.read.caCertificates.list('all', '', 0, Number.MAX_SAFE_INTEGER)
  const named = records.filter((ca) => serialNumberKey(ca.sn) === serialNumberKey(sn))
  const found = named.filter((ca) => instanceId === undefined || ca.instanceId === instanceId)
  if (found.length === 0) {
    const where = instanceId === undefined ? '' : ` with instance ${instanceId}`
    return denial(404, 'unknown-ca', `no CA ${sn} is registered${where}; GET /cas lists those that are`)
  }
  if (found.length === 1) return found[0]!
  const instances = found.map((ca) => ca.instanceId).join(', ')
  return denial(400, 'instance-needed', `CA ${sn} is registered with ${instances}: say ?instance=`)
}

function keyNotHeld({ sn }: CaCertificate): string {
  return `the emulator does not hold the key of CA ${sn}, so it cannot sign a list in its name: GET /certificates/SN tells the status of one certificate, and a CA of "ca create" has a list`
}
