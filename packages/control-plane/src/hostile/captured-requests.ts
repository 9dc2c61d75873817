import { readFileSync } from 'node:fs'
import { deviceKey, type CaCertificate, type DeviceCertificate, type SecurityToken } from '@apsaramq/model'
import { createWorld, instanceId, ownerId, regionId, type World } from '../testing/world.ts'

/** A request of an SDK as it was on the wire. */
export interface CapturedRequest {
  /** Name and form. */
  sdk: string
  signature: 'V1' | 'V3'
  /** When it was signed, in wall-clock milliseconds. */
  at: number
  /** One character a byte. */
  bytes: string
}

interface Captured {
  parameters: { MqttInstanceId: string; DeviceSn: string; CaSn: string }
  lasting: { accessKeyId: string; accessKeySecret: string }
  temporary: { accessKeyId: string; accessKeySecret: string; securityToken: string }
  requests: CapturedRequest[]
}

const file = new URL('captured-requests.json', import.meta.url)

/** One request of each form that the SDKs send; `e2e/13-hostile/capture.ts` makes them anew. */
export const captured = JSON.parse(readFileSync(file, 'utf8')) as Captured // written by that program

const unused = { fingerprint: '', certificate: '', validFrom: 0, validUntil: 0, registeredAt: 0, statusChange: null }

function device(): DeviceCertificate {
  const { DeviceSn: sn, CaSn: caSn } = captured.parameters
  return { ...unused, caId: 'ca', instanceId, caSn, sn, name: 'captured', status: 'active' }
}

function ca(): CaCertificate {
  const named = { id: 'ca', instanceId, regionId, sn: captured.parameters.CaSn, name: 'captured', subject: '' }
  return { ...unused, ...named, status: 'active', verification: '', registerCode: '' }
}

function token(at: number): SecurityToken {
  const { accessKeyId, accessKeySecret: secret, securityToken } = captured.temporary
  const lifetime = { issuedAt: at, expiresAt: at + 3_600_000 }
  const holder = { kind: 'owner' } as const
  return {
    accessKeyId,
    secret,
    token: securityToken,
    accountId: ownerId,
    holder,
    sessionName: '',
    policy: null,
    ...lifetime,
  }
}

/** A world at the time of a captured request, in which it is right; it asks for the inactivation of a device. */
export async function worldOf(request: CapturedRequest): Promise<World> {
  const world = await createWorld({ limitPerSecond: 1_000_000 })
  world.clock.advance(request.at - world.clock.now())
  await world.store.transact((tx) => {
    tx.caCertificates.put(ca())
    tx.deviceCertificates.put(device())
    tx.securityTokens.put(token(request.at))
  })
  return world
}

/** The device that the captured requests are about. */
export function capturedDevice({ store }: World): Promise<DeviceCertificate | undefined> {
  return store.read.deviceCertificates.get(deviceKey('ca', captured.parameters.DeviceSn))
}

/** Makes a world as it was before an inactivation: the device active, no nonce used. */
export async function takeBack({ store, plane }: World): Promise<void> {
  await store.transact((tx) => tx.deviceCertificates.put(device()))
  plane.reset()
}
