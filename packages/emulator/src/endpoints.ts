import type { AccessKey, Account, Instance } from '@apsaramq/model'
import type { Reader, Store } from '@apsaramq/store'
import type { EndpointUser, Endpoints } from '@apsaramq/testkit/http'
import type { Registrar } from './ca-registration.ts'
import { IssuingError } from './device-request.ts'
import { StartError } from './start-error.ts'

/** The ports a run listens on. */
export interface Ports {
  api: number
  apiTls: number
  mqtts: number
  /** Undefined, as the two below it, where it is off. */
  wss: number | undefined
  mqtt: number | undefined
  ws: number | undefined
  management: number
}

/** Where a run is, apart from who may call it. */
export interface Place {
  hosts: { service: string; management: string }
  ports: Ports
  caFile: string
  regionId: string
}

/** Accounts and records of one that the endpoints name at most. */
const maxNamed = 1000

/** Everybody who can call the API, in the order in which they came: an account, then its users. */
async function callersOf(read: Reader): Promise<{ account: Account; name: string; key: AccessKey }[]> {
  const { records: accounts } = await read.accounts.list('all', '', 0, maxNamed)
  const callers = accounts.map(async (account) => {
    const keys = (await read.accessKeys.list('byAccount', account.id, 0, maxNamed)).records
    const { records: users } = await read.users.list('byAccount', account.id, 0, maxNamed)
    const usable = (userId: string | null) => keys.find((key) => key.userId === userId && key.status === 'active')
    const named = [
      { name: account.name, key: usable(null) },
      ...users.map(({ id, name }) => ({ name, key: usable(id) })),
    ]
    return named.flatMap(({ name, key }) => (key ? [{ account, name, key }] : []))
  })
  return (await Promise.all(callers)).flat()
}

async function instancesOf(read: Reader): Promise<Instance[]> {
  return (await read.instances.list('all', '', 0, maxNamed)).records
}

function defaultInstance(instances: readonly Instance[], accountId: string, regionId: string): string {
  const own = instances.filter((instance) => instance.accountId === accountId)
  const here = own.filter((instance) => instance.regionId === regionId)
  return ([...here, ...own].find(({ tls }) => tls === 'mutual') ?? own[0])?.id ?? ''
}

/**
 * The content of the endpoints file: who can call is read from the store, the first owner of an account being the
 * default.
 *
 * @throws {StartError} where no account has an active AccessKey
 */
export async function describeEndpoints(
  { read }: Store,
  { hosts, ports, caFile, regionId }: Place,
): Promise<Endpoints> {
  const callers = await callersOf(read)
  const owner = callers.find(({ key }) => key.userId === null)
  if (!owner)
    throw new StartError('no account of the data directory has an active AccessKey: use another directory with --data')
  const instances = await instancesOf(read)
  return {
    api: `http://${hosts.service}:${ports.api}`,
    apiTls: `https://${hosts.service}:${ports.apiTls}`,
    mqtts: `mqtts://${hosts.service}:${ports.mqtts}`,
    ...mqttUrls(hosts.service, ports),
    management: `http://${hosts.management}:${ports.management}`,
    caFile,
    regionId,
    accountId: owner.account.id,
    accessKeyId: owner.key.id,
    accessKeySecret: owner.key.secret,
    instanceId: defaultInstance(instances, owner.account.id, regionId),
    pid: process.pid,
    users: callers.filter((caller) => caller !== owner).map(userOf),
    instances: instances.map(({ id, accountId, edition, tls }) => ({ instanceId: id, accountId, edition, tls })),
  }
}

/** The path is the one that Paho asks for by itself. LIMITS A-62 */
function mqttUrls(host: string, { wss, mqtt, ws }: Ports): Pick<Endpoints, 'wss' | 'mqtt' | 'ws'> {
  return {
    ...(wss !== undefined && { wss: `wss://${host}:${wss}/mqtt` }),
    ...(mqtt !== undefined && { mqtt: `mqtt://${host}:${mqtt}` }),
    ...(ws !== undefined && { ws: `ws://${host}:${ws}/mqtt` }),
  }
}

function userOf({ account, name, key }: { account: Account; name: string; key: AccessKey }): EndpointUser {
  return { name, accountId: account.id, accessKeyId: key.id, accessKeySecret: key.secret }
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
