import type { Store } from '@apsaramq/store'
import type { Endpoints } from '@apsaramq/testkit/http'
import type { Registrar } from './ca-registration.ts'
import { IssuingError } from './device-request.ts'
import { seed } from './seed.ts'

/** The ports a run listens on. */
export interface Ports {
  api: number
  apiTls: number
  mqtts: number
  management: number
}

/** The content of the endpoints file. */
export function describeEndpoints(
  hosts: { service: string; management: string },
  ports: Ports,
  caFile: string,
): Endpoints {
  const { owner, reader, other } = seed
  return {
    api: `http://${hosts.service}:${ports.api}`,
    apiTls: `https://${hosts.service}:${ports.apiTls}`,
    mqtts: `mqtts://${hosts.service}:${ports.mqtts}`,
    management: `http://${hosts.management}:${ports.management}`,
    caFile,
    regionId: seed.regionId,
    ...owner,
    instanceId: seed.platinumId,
    pid: process.pid,
    users: [
      { ...reader, accountId: owner.accountId },
      { name: 'other', ...other },
    ],
    instances: [
      { instanceId: seed.platinumId, accountId: owner.accountId, edition: 'platinum' },
      { instanceId: seed.professionalId, accountId: owner.accountId, edition: 'professional' },
    ],
  }
}

/** Who registers a CA with an instance: the owner of it. @throws {IssuingError} when there is no such instance */
export async function registrarOf(store: Store, endpoints: Endpoints, instanceId?: string): Promise<Registrar> {
  const id = instanceId ?? endpoints.instanceId
  const instance = await store.read.instances.get(id)
  if (!instance) throw new IssuingError(`there is no instance ${id}`)
  const { records } = await store.read.accessKeys.list('byAccount', instance.accountId, 0, 100)
  const owner = records.find((accessKey) => accessKey.userId === null)
  if (!owner) throw new IssuingError(`the account ${instance.accountId} has no access key of its own`)
  return { endpoint: endpoints.api, accessKeyId: owner.id, accessKeySecret: owner.secret, instanceId: id }
}
