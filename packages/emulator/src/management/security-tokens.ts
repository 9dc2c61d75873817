import type { EventLog, SecurityToken } from '@apsaramq/model'
import type { FastifyInstance } from 'fastify'
import {
  deleteSecurityToken,
  issueSecurityToken,
  maxDurationSeconds,
  type TokenParts,
  type TokenRequest,
} from '../security-tokens.ts'

const text = { type: 'string', minLength: 1, maxLength: 128 }

const body = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    accountId: text,
    user: text,
    role: text,
    sessionName: { type: 'string', pattern: '^[A-Za-z0-9.@_-]{2,64}$' }, // STS, RoleSessionName
    durationSeconds: { type: 'integer', minimum: 1, maximum: maxDurationSeconds },
    policy: { type: ['object', 'null'] },
  },
}

/** As AssumeRole answers it (STS, Credentials), with the names in camel case. */
function credentialsOf({ accessKeyId, secret, token, accountId, sessionName, expiresAt }: SecurityToken) {
  const expiration = new Date(expiresAt).toISOString()
  return { accessKeyId, accessKeySecret: secret, securityToken: token, expiration, accountId, sessionName }
}

/** `POST /security-tokens` issues temporary credentials (STS), `DELETE /security-tokens/:accessKeyId` ends them at once. */
export function securityTokenRoutes(app: FastifyInstance, parts: () => TokenParts, log: EventLog): void {
  const write = (accessKeyId: string, message: string) =>
    log.write({ plane: 'management', kind: 'lifecycle', accessKeyId, message })

  app.post<{ Body: TokenRequest | null }>('/security-tokens', { schema: { body } }, async (request) => {
    const credentials = credentialsOf(await issueSecurityToken(request.body ?? {}, parts()))
    const { accessKeyId, sessionName, expiration } = credentials
    write(accessKeyId, `security token ${accessKeyId} was issued for session ${sessionName}, until ${expiration}`)
    return credentials
  })

  app.delete<{ Params: { accessKeyId: string } }>('/security-tokens/:accessKeyId', async (request, reply) => {
    const { accessKeyId } = request.params
    if (await deleteSecurityToken(accessKeyId, parts())) {
      write(accessKeyId, `security token ${accessKeyId} was deleted`)
      return { deleted: accessKeyId }
    }
    const message = 'there are no temporary credentials of this AccessKey ID'
    return reply.code(404).send({ error: 'unknown-security-token', message })
  })
}
