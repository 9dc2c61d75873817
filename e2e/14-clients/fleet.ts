import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { managementClient, type Endpoints } from '@apsaramq/testkit'
import { afterAll, beforeAll, expect } from 'vitest'
import { makeDevice, registerCa, type Device, type RegisteredCa } from '../support/certificates.ts'
import { group, ownerClient, topic, unique } from '../support/target.ts'
import type { Row, Seat } from './row.ts'

/** Devices of a file's own, and what the two planes say of them. */
export interface Fleet {
  /** A client id of its own, with the certificate that all rows of this key share. */
  seat(row: Row): Seat
  setStatus(device: Device, action: 'InactivateDeviceCertificate' | 'ActiveDeviceCertificate'): Promise<void>
  /** What QuerySessionByClientId says. */
  isOnline(device: Device): Promise<boolean>
  /** The live sessions of the client id on the management port; undefined where the target has none. */
  sessionsOf(device: Device): Promise<Record<string, unknown>[] | undefined>
}

/** A CA and two devices, RSA and EC, that are made before the first test of a file; `endpoints` is asked then. */
export function makeFleet(endpoints: () => Endpoints): Fleet {
  let directory: string
  let ca: RegisteredCa
  let devices: Record<Row['key'], Device>
  let client: ReturnType<typeof ownerClient>
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
    client = ownerClient(endpoints())
    ca = await registerCa(client, directory, endpoints())
    devices = { rsa: await makeDevice(ca, { keyType: 'rsa' }), ec: await makeDevice(ca, { keyType: 'ec' }) }
  })
  afterAll(async () => {
    client?.close()
    await rm(directory, { recursive: true, force: true })
  })
  const called = async (action: string, parameters: Record<string, string>) => {
    const { status, body } = await client.call(action, parameters)
    expect({ action, status, code: body.Code }).toEqual({ action, status: 200, code: undefined })
    return body
  }
  return {
    seat: (row) => ({
      ...row,
      device: { ...devices[row.key], clientId: `${group}@@@${unique('m')}` },
      endpoints: endpoints(),
      topic: `${topic}/${unique()}`,
    }),
    async setStatus({ sn, caSn }, action) {
      await called(action, { MqttInstanceId: endpoints().instanceId, DeviceSn: sn, CaSn: caSn })
    },
    async isOnline({ clientId }) {
      const wanted = { InstanceId: endpoints().instanceId, ClientId: clientId }
      return (await called('QuerySessionByClientId', wanted)).OnlineStatus === true
    },
    async sessionsOf({ clientId }) {
      const { management } = endpoints()
      if (!management) return undefined
      const { sessions } = (await managementClient(management).request('GET', '/sessions')) as {
        sessions: Record<string, unknown>[]
      }
      return sessions.filter((session) => session.clientId === clientId)
    },
  }
}
