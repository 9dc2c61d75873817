import { Type, type TObject, type TOptional, type TString } from '@sinclair/typebox'
import { defineOperation, type OperationContext } from './define-operation.ts'
import { ClientId, InstanceId } from './fields.ts'
import { isOnline } from './live-sessions.ts'
import { permissionDenied, sessionErrors, sessionOperation } from './session-operation.ts'

/** ClientIdList.1 to ClientIdList.10. */
const names = Array.from({ length: 10 }, (_, at) => `ClientIdList.${at + 1}` as const)

const list = Object.fromEntries(names.map((name) => [name, Type.Optional(ClientId)])) as {
  [name: `ClientIdList.${number}`]: TOptional<TString>
}

/** At least one of the ten, and no other. LIMITS A-40 */
const params: TObject<{ InstanceId: TString }> = Type.Object(
  { InstanceId, ...list },
  {
    anyOf: names.map((name) => ({ required: [name] })),
    patternProperties: { '^ClientIdList\\.(?!([1-9]|10)$)': false },
  },
)

/** Tells of up to ten clients whether they are connected. */
export const batchQuerySessionByClientIds = defineOperation({
  ...sessionOperation,
  action: 'BatchQuerySessionByClientIds',
  methods: ['GET', 'POST'],
  params,
  result: Type.Object({
    OnlineStatusList: Type.Array(Type.Object({ ClientId: Type.String(), OnlineStatus: Type.Boolean() })),
  }),
  errors: [...sessionErrors, 'CheckAccountInfoFailed'],
  quota: { perSecond: 100, scope: 'account' },
  ram: { action: 'mq:MqttInstanceAccess', dependsOn: [], deniedAs: permissionDenied },
  evidence: 'metadata; errors as on the QuerySessionByClientId page',

  async handle(asked, context) {
    const clientIds = namedIn(asked, context)
    return {
      OnlineStatusList: clientIds.map((id) => ({ ClientId: id, OnlineStatus: isOnline(context, id) })),
    }
  },
})

/** In the order of their numbers; gaps and repetitions are the caller's, and kept. LIMITS A-40 */
function namedIn(asked: Record<string, unknown>, { assume }: OperationContext): string[] {
  const given = names.filter((name) => asked[name] !== undefined)
  const clientIds = given.map((name) => String(asked[name]))
  const hasGap = given.length > 0 && given.at(-1) !== names[given.length - 1]
  if (hasGap || new Set(clientIds).size < clientIds.length) assume('A-40', given.join(' '))
  return clientIds
}
