import { manualClock, type AssumptionId, type LogEntryInput, type User } from '@apsaramq/model'
import { createMemoryStore, type Store } from '@apsaramq/store'
import { createControlPlane } from '../control-plane.ts'
import type { ControlPlaneSettings } from '../settings.ts'
import type { ThrottleSettings } from '../throttle/default-rules.ts'
import { seededNumbers } from './seeded-numbers.ts'

export const regionId = 'cn-hangzhou'
export const ownerId = '1000000000000001'
export const otherId = '1000000000000002'

/** Keys of the test world: the owner, a RAM user who may read, a RAM user, a stranger, a disabled key. */
export const keys = {
  owner: { id: 'OWNER', secret: 'owner-secret' },
  reader: { id: 'READER', secret: 'reader-secret' },
  other: { id: 'OTHER', secret: 'other-secret' },
  disabled: { id: 'DISABLED', secret: 'disabled-secret' },
  orphan: { id: 'ORPHAN', secret: 'orphan-secret' },
} as const

/** A RAM user of the owner who may read, and nothing else. */
export const reader: User = {
  id: 'reader',
  accountId: ownerId,
  name: 'reader',
  policies: [
    {
      Version: '1',
      Statement: [{ Effect: 'Allow', Action: ['mq:Get*', 'mq:List*', 'mq:MqttInstanceAccess'], Resource: '*' }],
    },
  ],
}

const accessKey = (key: { id: string; secret: string }, accountId: string, userId: string | null = null) =>
  ({ ...key, accountId, userId, status: key.id === 'DISABLED' ? 'inactive' : 'active' }) as const

const instance = (id: string, edition: 'platinum' | 'professional', inRegion = regionId, accountId = ownerId) =>
  ({ id, accountId, regionId: inRegion, name: id, edition, tls: 'mutual', createdAt: 0 }) as const

/** Instance ids of the test world. */
export const instanceId = 'post-cn-test001'
export const professionalId = 'post-cn-test002'
export const elsewhereId = 'post-cn-test003'
export const secondId = 'post-cn-test004'

async function seed(store: Store): Promise<void> {
  await store.reset({
    accounts: [
      { id: ownerId, name: 'owner' },
      { id: otherId, name: 'other' },
    ],
    users: [reader],
    accessKeys: [
      accessKey(keys.owner, ownerId),
      accessKey(keys.reader, ownerId, 'reader'),
      accessKey(keys.other, otherId),
      accessKey(keys.disabled, ownerId),
      accessKey(keys.orphan, ownerId, 'nobody'),
    ],
    instances: [
      instance(instanceId, 'platinum'),
      instance(professionalId, 'professional'),
      instance(elsewhereId, 'platinum', 'cn-beijing'),
      instance(secondId, 'platinum'),
    ],
  })
}

/** The throttle as it is where nobody sets anything. */
export const defaultThrottle: ThrottleSettings = {
  algorithm: 'sliding',
  scope: 'account',
  per: 'operation',
  code: 'Throttling.User',
  limitByAction: {},
  sourceIp: { mode: 'warn', limit: 300 },
}

const defaults: ControlPlaneSettings = {
  regionId,
  auth: 'on',
  limitPerSecond: 500,
  throttle: defaultThrottle,
  errorProfile: 'page',
  editions: ['platinum'],
  closeConnection: 'everywhere',
  httpsOnly: 'off',
  maxCaCertificates: 100,
  registerCodeTtlMs: 0,
}

/** A control plane over a store in memory, with a clock that stands still and chance from a seed. */
export async function createWorld(settings: Partial<ControlPlaneSettings> = {}, store: Store = createMemoryStore()) {
  await seed(store)
  const clock = manualClock(Date.UTC(2026, 0, 1, 12))
  const next = seededNumbers(7)
  const random = { bytes: (count: number) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)) }
  const log: LogEntryInput[] = []
  const assumed: AssumptionId[] = []
  const plane = createControlPlane({
    store,
    clock,
    random,
    log: { write: (entry) => void log.push(entry) },
    assume: (id) => void assumed.push(id),
    settings: { ...defaults, ...settings },
  })
  const app = plane.createApp()
  await app.ready()
  return { app, plane, store, clock, random, log, assumed }
}

/** The test world. */
export type World = Awaited<ReturnType<typeof createWorld>>
