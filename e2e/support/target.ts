import { readFileSync } from 'node:fs'
import { readEndpoints, signedClient, type Endpoints, type SignedClient } from '@apsaramq/testkit'
import { describe, inject } from 'vitest'

/** What the suite is aimed at. */
export const target: Endpoints = readEndpoints(inject('endpointsFile'))

/** An existing group and parent topic of the instance. */
export const group = process.env.APSARAMQ_GROUP_ID ?? 'GID_demo'
export const topic = process.env.APSARAMQ_TOPIC ?? 'demo'

/** A chapter that starts programs of its own: left out by name when the suite is aimed at someone else's. */
export const describeOwnProgram = inject('foreign')
  ? (title: string, body: () => void) => describe.skip(`${title} (left out: needs a program of its own)`, body)
  : describe

/** A signed client of the owner of `endpoints`. */
export function ownerClient(
  endpoints: Endpoints = target,
  how: Partial<Parameters<typeof signedClient>[0]> = {},
): SignedClient {
  return signedClient({
    endpoint: endpoints.api,
    accessKeyId: endpoints.accessKeyId,
    accessKeySecret: endpoints.accessKeySecret,
    ...how,
  })
}

/** PEM of the CA of the target's servers. */
export function serverCa(endpoints: Endpoints = target): string {
  return readFileSync(endpoints.caFile, 'utf8')
}

/** One of the other identities of the seed. */
export function user(name: string, endpoints: Endpoints = target) {
  const found = endpoints.users.find((one) => one.name === name)
  if (!found)
    throw new Error(`the endpoints file names no user ${name}: ${endpoints.users.map((one) => one.name).join()}`)
  return found
}

let made = 0
const run = `${process.pid.toString(36)}${Date.now().toString(36)}`

/** A name no other test of any run has. */
export function unique(prefix = ''): string {
  made += 1
  return `${prefix}${run}${made.toString(36)}`
}
