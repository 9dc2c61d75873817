import { randomUuid, type AccessKey, type CaCertificate, type Instance, type PolicyDocument } from '@apsaramq/model'
import { inspectCertificate } from '@apsaramq/pki'
import type { SeedRecords } from '@apsaramq/store'
import type { RecordDeps } from './seed/seed-records.ts'
import type { Trust } from './trust.ts'

/** What a fresh data directory holds, by name. The secrets are public on purpose: they open nothing but an emulator. */
export const seed = {
  owner: {
    accountId: '1000000000000001',
    accessKeyId: 'LTAIemulatorOwner001',
    accessKeySecret: 'emulator-owner-secret-0001',
  },
  reader: { name: 'reader', accessKeyId: 'LTAIemulatorReader01', accessKeySecret: 'emulator-reader-secret-001' },
  other: {
    accountId: '1000000000000002',
    accessKeyId: 'LTAIemulatorOther001',
    accessKeySecret: 'emulator-other-secret-0001',
  },
  platinumId: 'post-cn-emulator001',
  professionalId: 'post-cn-emulator002',
  groupId: 'GID_demo',
  topic: 'demo',
} as const

/** Get and List with what they depend on, and nothing that changes anything. */
const readOnly: PolicyDocument = {
  Version: '1',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['mq:Get*', 'mq:List*', 'mq:MqttInstanceAccess'],
      Resource: `acs:mq:*:${seed.owner.accountId}:*`,
    },
  ],
}

function accessKey(
  owner: { accessKeyId: string; accessKeySecret: string },
  accountId: string,
  userId: string | null,
): AccessKey {
  return { id: owner.accessKeyId, secret: owner.accessKeySecret, accountId, userId, status: 'active' }
}

function instance(
  id: string,
  name: string,
  edition: Instance['edition'],
  regionId: string,
  createdAt: number,
): Instance {
  const tls = edition === 'platinum' ? 'mutual' : 'one-way'
  return { id, accountId: seed.owner.accountId, regionId, name, edition, tls, createdAt }
}

/** The seed's device CA as it is registered, and the register code it has used up. */
function registeredCa({ deviceCa, verification }: Trust, at: number, { random, regionId }: RecordDeps) {
  const { sn, fingerprint, subject, validFrom, validUntil } = inspectCertificate(deviceCa.certificate)
  const registerCode = inspectCertificate(verification).commonName
  const ca: CaCertificate = {
    id: randomUuid(random),
    instanceId: seed.platinumId,
    regionId,
    sn,
    name: 'emulator-device-ca',
    status: 'active',
    certificate: deviceCa.certificate,
    verification,
    registerCode,
    fingerprint,
    subject,
    validFrom,
    validUntil,
    registeredAt: at,
    statusChange: null,
  }
  return { ca, code: { code: registerCode, instanceId: seed.platinumId, issuedAt: at, usedAt: at } }
}

/** The records of the seed. */
export function seedRecords(trust: Trust, deps: RecordDeps): SeedRecords {
  const at = deps.clock.now()
  const { regionId } = deps
  const { owner, reader, other } = seed
  const { ca, code } = registeredCa(trust, at, deps)
  const both = [seed.platinumId, seed.professionalId]
  return {
    accounts: [
      { id: owner.accountId, name: 'emulator' },
      { id: other.accountId, name: 'other' },
    ],
    users: [{ id: '200000000000000001', accountId: owner.accountId, name: reader.name, policies: [readOnly] }],
    accessKeys: [
      accessKey(owner, owner.accountId, null),
      accessKey(reader, owner.accountId, '200000000000000001'),
      accessKey(other, other.accountId, null),
    ],
    instances: [
      instance(seed.platinumId, 'emulator', 'platinum', regionId, at),
      instance(seed.professionalId, 'emulator-professional', 'professional', regionId, at),
    ],
    groups: both.map((instanceId) => ({ instanceId, id: seed.groupId, createdAt: at })),
    topics: both.map((instanceId) => ({ instanceId, name: seed.topic, createdAt: at })),
    registerCodes: [code],
    caCertificates: [ca],
  }
}
