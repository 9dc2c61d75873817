import { Type } from '@sinclair/typebox'
import { defineOperation } from './define-operation.ts'
import { ClientId, InstanceId } from './fields.ts'
import { sessionsOf } from './live-sessions.ts'
import { permissionDenied, sessionErrors, sessionOperation } from './session-operation.ts'

/**
 * Ends the connection of a client, which may come back at once: deleting its session tells the broker, and when this
 * returns the socket is ended. A client that is offline is a success. LIMITS A-39
 */
export const closeConnection = defineOperation({
  ...sessionOperation,
  action: 'CloseConnection',
  methods: ['POST'],
  httpsOnly: true,
  params: Type.Object({ InstanceId, ClientId }),
  result: Type.Object({ Code: Type.Number(), Message: Type.String(), Success: Type.Boolean() }),
  errors: [...sessionErrors, 'ApiNotSupport', 'InternalError'],
  quota: { perSecond: 500, scope: 'account', assumed: 'A-36' },
  beta: { editions: ['professional'], regions: ['cn-shanghai'] }, // vendor: the text of the older SDK
  ram: { action: 'mq:CloseConnection', dependsOn: [], deniedAs: permissionDenied },
  evidence: 'CloseConnection page, read in part: errors after InternalError as on the QuerySessionByClientId page',

  async handle(params, context) {
    const live = sessionsOf(context, params.ClientId)
    if (live.length === 0) context.assume('A-39', params.ClientId)
    for (const { id } of live) context.store.sessions.delete(id, 'CloseConnection', context.change)
    return { Code: 200, Message: 'operation success.', Success: true }
  },
})
