import { maxDevicesPerRequest } from '@apsaramq/testkit/http'
import type { FastifyInstance } from 'fastify'
import { registerCa, type Registrar } from '../ca-registration.ts'
import { IssuingError, type DeviceRequest } from '../device-request.ts'
import type { HeldCas } from '../held-cas.ts'
import { issueDevices, type IssuingParts } from '../issuing.ts'
import type { LifecycleBook } from '../lifecycle/lifecycle-book.ts'

/** What the certificate routes work with; known once the start is over. */
export interface CertificateParts extends IssuingParts {
  cas: HeldCas
  lifecycles: LifecycleBook
  registrar(instanceId: string | undefined): Promise<Registrar>
}

const keyType = { enum: ['rsa', 'ec'] }
const text = { type: 'string', minLength: 1, maxLength: 256 }

const deviceBody = {
  type: 'object',
  required: ['clientId'],
  additionalProperties: false,
  properties: {
    clientId: text,
    ca: text,
    sn: text,
    keyType,
    validFrom: { type: 'integer' },
    validUntil: { type: 'integer' },
    validity: { enum: ['expired', 'not-yet-valid'] },
    wrongCa: { type: 'boolean' },
    count: { type: 'integer', minimum: 1, maximum: maxDevicesPerRequest },
    first: { type: 'integer', minimum: 1 },
    registered: { type: 'boolean' },
  },
}

const caBody = {
  type: 'object',
  required: ['commonName'],
  additionalProperties: false,
  properties: { commonName: { type: 'string', minLength: 1, maxLength: 64 }, keyType, sn: text },
}

const registrationBody = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: { instanceId: text, caName: text },
}

/** `POST /devices`, `GET /cas`, `POST /cas`, `POST /cas/:sn/register`. */
export function certificateRoutes(app: FastifyInstance, parts: () => CertificateParts): void {
  app.post<{ Body: DeviceRequest }>('/devices', { schema: { body: deviceBody } }, async (request) => ({
    devices: await issueDevices(request.body, parts()),
  }))

  app.get('/cas', async () => ({ cas: await listCas(parts()) }))

  app.post<{ Body: Parameters<HeldCas['create']>[0] }>('/cas', { schema: { body: caBody } }, async (request) =>
    parts().cas.create(request.body),
  )

  app.post<{ Params: { sn: string }; Body: { instanceId?: string; caName?: string } | null }>(
    '/cas/:sn/register',
    { schema: { body: registrationBody } },
    async (request) => {
      const { cas, registrar, ...deps } = parts()
      const pair = await cas.pairOf(request.params.sn)
      const { instanceId, caName = 'emulator-ca' } = request.body ?? {}
      return { sn: await registerCa(pair, caName, await registrar(instanceId), deps) }
    },
  )
}

/** The registered CAs and the held ones, each once. */
async function listCas({ cas, store }: CertificateParts) {
  const held = await cas.list()
  const { records } = await store.read.caCertificates.list('all', '', 0, Number.MAX_SAFE_INTEGER)
  const registered = records.map(({ sn, name, status, instanceId, fingerprint, validUntil }) => ({
    sn,
    name,
    registered: true,
    status,
    instanceId,
    fingerprint,
    validUntil,
    keyHeld: held.some((ca) => ca.fingerprint === fingerprint),
  }))
  const others = held
    .filter((ca) => !records.some((record) => record.fingerprint === ca.fingerprint))
    .map(({ sn, commonName }) => ({ sn, name: commonName, registered: false, keyHeld: true }))
  return [...registered, ...others]
}

/** Whether an error is the request's fault. */
export function isRequestError(error: unknown): boolean {
  return error instanceof IssuingError || (error instanceof Error && error.name === 'CertificateError')
}
