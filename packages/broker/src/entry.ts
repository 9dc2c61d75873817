import type { Instance } from '@apsaramq/model'
import type { Reader } from '@apsaramq/store'
import type { NamedInstance } from './named-instance.ts'
import type { Transport } from './settings.ts'
import type { Refusal } from './verdict.ts'

/** By what a connection comes in: its certificate, or username and password alone, where an instance has it so. */
export type Entry =
  | { kind: 'certificate' }
  | { kind: 'credentials'; instance: Instance }
  | { kind: 'refuse'; refusal: Refusal }

/**
 * Finds by what a connection may come in. Credentials alone are enough for an instance of one-way TLS only, and only
 * if it is named; whatever is not known to be one is asked for its certificate.
 */
export async function entryOf(
  reads: Pick<Reader, 'instances'>,
  transport: Transport,
  { instanceId, conflict }: NamedInstance,
): Promise<Entry> {
  if (conflict !== undefined) return refuse('wrong-instance', conflict)
  const instance = instanceId === undefined ? undefined : await findInstance(reads, instanceId)
  if (instance?.tls === 'one-way') return { kind: 'credentials', instance }
  if (transport === 'mqtts' || transport === 'wss') return { kind: 'certificate' }
  if (instance) return refuse('tls-required', `instance ${instance.id} has mutual TLS and takes no plain connection`) // LIMITS A-27
  if (instanceId !== undefined) return refuse('wrong-instance', `instance ${instanceId} does not exist`)
  return refuse('wrong-instance', 'without TLS the username must name the instance: Signature|AccessKeyId|InstanceId')
}

/** Host names come in any case; ids are stored as the service gives them out, in lower case. */
async function findInstance(reads: Pick<Reader, 'instances'>, id: string): Promise<Instance | undefined> {
  return (await reads.instances.get(id)) ?? reads.instances.get(id.toLowerCase())
}

function refuse(cause: Refusal['cause'], message: string): Entry {
  return { kind: 'refuse', refusal: { cause, message } }
}
