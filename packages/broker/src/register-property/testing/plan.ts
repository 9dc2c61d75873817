import * as fc from 'fast-check'
import type { Setting } from './history.ts'

/** How a connection is made. */
export interface Via {
  over: 'mqtts' | 'wss'
  tls: 'TLSv1.2' | 'TLSv1.3'
  /** Whether a TLS session from before is resumed, where there is one. */
  resumed: boolean
  level: 4 | 5
}

/** Certificates of a history: two of one CA, one of another. */
export const certificateNames = ['A0', 'A1', 'B0'] as const
/** Their CAs. */
export const caNames = ['A', 'B'] as const
export type CertificateName = (typeof certificateNames)[number]
export type CaName = (typeof caNames)[number]

/** What a device does. */
export type DeviceStep =
  | {
      do: 'connect' | 'abandon'
      via: Via
      /** Its own, its own once more, or the one that devices take from each other. */
      clientId: 'new' | 'same' | 'shared'
      hasWill: boolean
      /** Messages written in one piece with the CONNECT. */
      eager: number
      /** Turns between the handshake and the CONNECT. */
      silence: number
    }
  | { do: 'publish'; qos: 0 | 1; count: number; isWaiting: boolean }
  | { do: 'publish and be inactivated' }
  | { do: 'subscribe' }
  | { do: 'close'; how: 'disconnect' | 'end' | 'reset' }
  | { do: 'pause'; turns: number }

/** When a step comes after the one before. */
export interface When {
  turns: number
  /**
   * What it waits for after that: a read of the broker, to come between question and answer, or a device that is
   * through with TLS and is to send CONNECT, whose certificate is then the one that is changed.
   */
  ambush: 'none' | 'read' | 'handshake'
}

/** What somebody with an access key does, or time. */
export type OperatorStep = When & OperatorWork

/** What a step comes to. */
export type OperatorWork =
  | { do: 'inactivate' | 'activate' | 'delete'; certificate: CertificateName }
  | { do: 'inactivate CA' | 'activate CA' | 'delete CA' | 'register CA' | 'purge'; ca: CaName }
  | { do: 'touch topics' }
  | { do: 'advance'; ms: number }

export type Actor =
  | { kind: 'device'; certificate: CertificateName; steps: DeviceStep[] }
  | { kind: 'operator'; steps: OperatorStep[] }

/** All that decides an interleaving, but for the machine's own pace. */
export interface Plan {
  setting: Setting
  /** Turns that reads of the store take. */
  pace: number[]
  devices: ('none' | 'active' | 'inactive')[]
  cas: ('active' | 'inactive')[]
  actors: Actor[]
}

export const delayMs = 1000

const turns = fc.integer({ min: 0, max: 12 })
const pause = fc.record({ do: fc.constant('pause' as const), turns })
const certificate = fc.constantFrom(...certificateNames)

/** The settings under test: `drop` as often as the others together. */
export const settingArbitrary: fc.Arbitrary<Setting> = fc.record({
  liveSessions: fc.oneof(
    { weight: 4, arbitrary: fc.constant({ kind: 'drop' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'keep' as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'delay' as const, delayMs }) },
  ),
  rejectAt: fc.constantFrom('cut', 'connack'),
  caStatus: fc.constantFrom('documented', 'strict'),
})

function viaArbitrary(transports: readonly Via['over'][], levels: readonly Via['level'][]): fc.Arbitrary<Via> {
  return fc.record({
    over: fc.constantFrom(...transports),
    tls: fc.constantFrom('TLSv1.2', 'TLSv1.3'),
    resumed: fc.boolean(),
    level: fc.constantFrom(...levels),
  })
}

function deviceStep(via: fc.Arbitrary<Via>): fc.Arbitrary<DeviceStep> {
  const connect = fc.record({
    do: fc.oneof(
      { weight: 8, arbitrary: fc.constant('connect' as const) },
      { weight: 1, arbitrary: fc.constant('abandon' as const) },
    ),
    via,
    clientId: fc.constantFrom('new', 'new', 'same', 'shared'),
    hasWill: fc.boolean(),
    eager: fc.integer({ min: 0, max: 2 }),
    silence: fc.oneof(fc.constant(0), turns),
  })
  const publish = fc.record({
    do: fc.constant('publish' as const),
    qos: fc.constantFrom(0, 1, 1),
    count: fc.integer({ min: 1, max: 4 }),
    isWaiting: fc.boolean(),
  })
  const close = fc.record({ do: fc.constant('close' as const), how: fc.constantFrom('disconnect', 'end', 'reset') })
  return fc.oneof(
    { weight: 6, arbitrary: connect },
    { weight: 6, arbitrary: publish },
    { weight: 1, arbitrary: fc.constant({ do: 'publish and be inactivated' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'subscribe' as const }) },
    { weight: 1, arbitrary: close },
    { weight: 3, arbitrary: pause },
  )
}

const caStep = fc.record({
  do: fc.constantFrom(
    'inactivate CA',
    'activate CA',
    'activate CA',
    'delete CA',
    'register CA',
    'register CA',
    'purge',
  ),
  ca: fc.constantFrom(...caNames),
})
const operatorWork: fc.Arbitrary<OperatorWork> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('inactivate', 'inactivate', 'activate', 'activate', 'delete'),
      certificate,
    }),
  },
  { weight: 4, arbitrary: caStep },
  { weight: 3, arbitrary: fc.constant({ do: 'touch topics' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 500, delayMs) }) },
)
const when: fc.Arbitrary<When> = fc.record({
  turns: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 25 })),
  ambush: fc.constantFrom('none', 'read', 'handshake'),
})
const operatorStep = fc.tuple(when, operatorWork).map(([after, work]): OperatorStep => ({ ...after, ...work }))

/** The transports and the MQTT levels that the broker under test serves. */
export interface Reach {
  transports: readonly Via['over'][]
  levels: readonly Via['level'][]
}

/** Draws plans. */
export function planArbitrary({ transports, levels }: Reach): fc.Arbitrary<Plan> {
  const deviceSteps = fc.array(deviceStep(viaArbitrary(transports, levels)), { minLength: 1, maxLength: 7 })
  const operatorSteps = fc.array(operatorStep, { minLength: 1, maxLength: 10 })
  const device = fc.record({ kind: fc.constant('device' as const), certificate, steps: deviceSteps })
  const operator = fc.record({ kind: fc.constant('operator' as const), steps: operatorSteps })
  const deviceStatus = fc.constantFrom('none' as const, 'active' as const, 'active' as const, 'inactive' as const)
  const caStatus = fc.constantFrom('active' as const, 'active' as const, 'inactive' as const)
  const actors = fc
    .tuple(fc.array(device, { minLength: 1, maxLength: 4 }), fc.array(operator, { minLength: 1, maxLength: 2 }))
    .map(([devices, operators]): Actor[] => [...devices, ...operators])
  return fc.record({
    setting: settingArbitrary,
    pace: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 6 })), { maxLength: 7 }),
    devices: fc.array(deviceStatus, { minLength: certificateNames.length, maxLength: certificateNames.length }),
    cas: fc.array(caStatus, { minLength: caNames.length, maxLength: caNames.length }),
    actors,
  })
}
