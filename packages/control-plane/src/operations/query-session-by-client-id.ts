import { Type } from '@sinclair/typebox'
import { defineOperation } from './define-operation.ts'
import { ClientId, InstanceId } from './fields.ts'
import { isOnline } from './live-sessions.ts'
import { permissionDenied, sessionErrors, sessionOperation } from './session-operation.ts'

/** Tells whether a client is connected. LIMITS A-41 */
export const querySessionByClientId = defineOperation({
  ...sessionOperation,
  action: 'QuerySessionByClientId',
  methods: ['GET', 'POST'],
  params: Type.Object({ InstanceId, ClientId }),
  result: Type.Object({ OnlineStatus: Type.Boolean() }),
  errors: [...sessionErrors, 'CheckAccountInfoFailed'],
  quota: { perSecond: 500, scope: 'account' },
  ram: { action: 'mq:MqttInstanceAccess', dependsOn: [], deniedAs: permissionDenied },
  evidence: 'QuerySessionByClientId page; product error codes',

  async handle(params, context) {
    return { OnlineStatus: isOnline(context, params.ClientId) }
  },
})
