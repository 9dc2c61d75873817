import { maxClientIdLength, parseClientId, withinInstance } from '@apsaramq/model'
import type { Reader } from '@apsaramq/store'
import type { Refusal } from './verdict.ts'

/** A client id as the CONNECT has it. */
export interface ClientIdQuestion {
  clientId: string
  clean: boolean
  /** Protocol level: MQTT 5 lets a client without an id have any session. */
  level: number
  instanceId: string
  strict: boolean
}

/** Checks the form of a client id and that its group exists (Terms, Limits pages); `strict: false` takes any. */
export async function checkClientId(
  reads: Pick<Reader, 'groups'>,
  { clientId, clean, level, instanceId, strict }: ClientIdQuestion,
): Promise<Refusal | undefined> {
  // [MQTT-3.1.3-8]
  if (clientId === '' && !clean && level < 5) return no('an empty client id needs a clean session')
  if (!strict) return undefined
  const parts = parseClientId(clientId)
  if (!parts) {
    return no(
      `client id ${JSON.stringify(clientId.slice(0, 80))} is not GID_…@@@… of at most ${maxClientIdLength} characters`,
    )
  }
  if (await reads.groups.get(withinInstance(instanceId, parts.groupId))) return undefined
  return no(`group ${parts.groupId} of client id ${clientId} does not exist in instance ${instanceId}`)
}

function no(message: string): Refusal {
  return { cause: 'bad-client-id', message }
}
