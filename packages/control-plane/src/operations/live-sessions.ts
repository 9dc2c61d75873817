import { parseClientId, withinInstance, type Session } from '@apsaramq/model'
import type { OperationContext } from './define-operation.ts'

/** The sessions of a client, oldest first; more than one only while a newer takes over. */
export function sessionsOf({ store, instance }: OperationContext, clientId: string): Session[] {
  return store.sessions.list('byClient', withinInstance(instance.id, clientId))
}

/** Whether a client is connected; of one that could not be, no page says what is answered. LIMITS A-41 */
export function isOnline(context: OperationContext, clientId: string): boolean {
  if (sessionsOf(context, clientId).length > 0) return true
  if (!parseClientId(clientId)) context.assume('A-41', clientId)
  return false
}
