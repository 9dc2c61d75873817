import {
  randomUuid,
  type AccessKey,
  type AttachedPolicy,
  type CaCertificate,
  type Clock,
  type DeviceCertificate,
  type Random,
} from '@apsaramq/model'
import { base64DerOf, inspectCertificate } from '@apsaramq/pki'
import type { SeedRecords } from '@apsaramq/store'
import type { Trust } from '../trust.ts'
import { accessKeysOf } from './check-references.ts'
import type { SeedCa, SeedDevice } from './seed-certificates.ts'
import type { SeedContent } from './seed-schema.ts'

/** A seed that was checked, with what its references have been resolved to. */
export interface CheckedSeed {
  content: SeedContent
  policies: Record<'userGroups' | 'users' | 'roles', AttachedPolicy[][]>
  cas: SeedCa[]
  devices: SeedDevice[]
}

/** What records are made with. */
export interface RecordDeps {
  clock: Clock
  random: Random
  /** Region of the instances that name none. */
  regionId: string
}

/** 18 digits, as RAM has them; the first tells the kind. */
function idOf(kind: 2 | 3 | 4, at: number): string {
  return `${kind}${String(at + 1).padStart(17, '0')}`
}

/** The records of a seed file. */
export function recordsOf(seed: CheckedSeed, trust: Trust, deps: RecordDeps): SeedRecords {
  const { content } = seed
  const at = deps.clock.now()
  const instances = content.instances.map(({ id, account, name = id, edition = 'platinum', tls, region }) => ({
    id,
    accountId: account,
    regionId: region ?? deps.regionId,
    name,
    edition,
    tls: tls ?? (edition === 'platinum' ? ('mutual' as const) : ('one-way' as const)),
    createdAt: at,
  }))
  const cas = seed.cas.map((ca) => caRecord(ca, trust, deps, instances.find(({ id }) => id === ca.instance)!.regionId))
  return {
    accounts: content.accounts.map(({ id, name = id }) => ({ id, name })),
    ...holdersOf(seed),
    accessKeys: keysOf(content),
    instances,
    groups: content.instances.flatMap(({ id: instanceId, groups = [] }) =>
      groups.map((id) => ({ instanceId, id, createdAt: at })),
    ),
    topics: content.instances.flatMap(({ id: instanceId, topics = [] }) =>
      topics.map((name) => ({ instanceId, name, createdAt: at })),
    ),
    registerCodes: cas
      .filter(({ registerCode }) => registerCode !== '')
      .map(({ registerCode: code, instanceId }) => ({ code, instanceId, issuedAt: at, usedAt: at })),
    caCertificates: cas,
    deviceCertificates: seed.devices.map((device) => deviceRecord(device, cas[device.ca]!, at)),
  }
}

function holdersOf({ content, policies }: CheckedSeed) {
  const { userGroups = [], users = [], roles = [] } = content
  const groupId = (account: string, name: string) =>
    idOf(
      3,
      userGroups.findIndex((group) => group.account === account && group.name === name),
    )
  return {
    userGroups: userGroups.map(({ account, name }, at) => ({
      id: idOf(3, at),
      accountId: account,
      name,
      policies: policies.userGroups[at]!,
    })),
    users: users.map(({ account, name, groups = [] }, at) => ({
      id: idOf(2, at),
      accountId: account,
      name,
      policies: policies.users[at]!,
      groupIds: groups.map((group) => groupId(account, group)),
    })),
    roles: roles.map(({ account, name }, at) => ({
      id: idOf(4, at),
      accountId: account,
      name,
      policies: policies.roles[at]!,
    })),
  }
}

function keysOf(content: SeedContent): AccessKey[] {
  const { users = [] } = content
  return accessKeysOf(content).map(({ id, secret, account, user, status = 'active' }) => ({
    id,
    secret,
    accountId: account,
    userId:
      user === undefined
        ? null
        : idOf(
            2,
            users.findIndex((one) => one.account === account && one.name === user),
          ),
    status,
  }))
}

function caRecord(ca: SeedCa, trust: Trust, { clock, random }: RecordDeps, regionId: string): CaCertificate {
  const certificate = ca.own ? ca.own.certificate.pem : trust.deviceCa.certificate
  const verification = ca.own ? (ca.own.verification?.pem ?? '') : trust.verification
  const { sn, fingerprint, subject, validFrom, validUntil } = inspectCertificate(certificate)
  return {
    id: randomUuid(random),
    instanceId: ca.instance,
    regionId,
    sn,
    name: ca.name,
    status: ca.status,
    certificate,
    verification,
    registerCode: verification === '' ? '' : inspectCertificate(verification).commonName,
    fingerprint,
    subject,
    validFrom,
    validUntil,
    registeredAt: clock.now(),
    statusChange: null,
  }
}

function deviceRecord({ status, certificate }: SeedDevice, ca: CaCertificate, at: number): DeviceCertificate {
  const { sn, commonName, fingerprint, validFrom, validUntil } = certificate.facts
  return {
    caId: ca.id,
    instanceId: ca.instanceId,
    caSn: ca.sn,
    sn,
    name: commonName,
    status,
    certificate: base64DerOf(certificate.pem),
    fingerprint,
    validFrom,
    validUntil,
    registeredAt: at,
    statusChange: null,
  }
}
