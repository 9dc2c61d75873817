import type { LogEntryInput, Session } from '@apsaramq/model'
import type { Connection } from './connection.ts'

/** What a log entry says of the connection that it is about. */
export function factsOf({ id, identity, clientId, admitted, link }: Connection): Partial<LogEntryInput> {
  const certificate = identity?.kind === 'certificate' ? identity.facts : undefined
  return {
    remoteAddress: link.remoteAddress,
    ...(certificate && { deviceSn: certificate.sn, fingerprint: certificate.fingerprint }),
    ...(clientId !== undefined && { clientId }),
    ...(admitted && { sessionId: id, accountId: admitted.accountId, ...sessionFacts(admitted.session) }),
  }
}

function sessionFacts({ instanceId, clientId, caSn, deviceSn, fingerprint }: Session): Partial<LogEntryInput> {
  return {
    instanceId,
    clientId,
    ...(caSn !== null && { caSn }),
    ...(deviceSn !== null && { deviceSn }),
    ...(fingerprint !== null && { fingerprint }),
  }
}
