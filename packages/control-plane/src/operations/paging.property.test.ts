import { deviceKey, type CaCertificate, type DeviceCertificate } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { call } from '../testing/caller.ts'
import { seededNumbers } from '../testing/seeded-numbers.ts'
import { createWorld, instanceId, regionId, type World } from '../testing/world.ts'

/** A fleet that changes while its list is walked; a record is known by the number of its registration. */
interface Fleet {
  world: World
  /** Numbers of the records that are there. */
  live: Set<number>
  register(): Promise<void>
  flip(number: number): Promise<void>
  remove(number: number): Promise<void>
  /** One page of the list: the numbers it shows, and its Total. */
  page(pageNo: number, pageSize: number): Promise<{ shown: number[]; total: number }>
}

const common = {
  instanceId,
  status: 'active',
  fingerprint: 'f',
  validFrom: 0,
  validUntil: 1,
  registeredAt: 0,
  statusChange: null,
} as const

const caOf = (number: number): CaCertificate => ({
  ...common,
  id: `ca-${number}`,
  regionId,
  sn: `a${number}`,
  name: String(number),
  certificate: 'pem',
  verification: 'pem',
  registerCode: 'code',
  subject: 'CN=x',
})

const deviceOf = (number: number, ca: number): DeviceCertificate => ({
  ...common,
  caId: `ca-${ca}`,
  caSn: `a${ca}`,
  sn: `b${number}`,
  name: String(number),
  certificate: 'AAAA',
})

async function list(world: World, action: string, parameters: Record<string, string>) {
  const { body } = await call(world, action, { MqttInstanceId: instanceId, ...parameters })
  const { Total, ...data } = body.Data as { Total: number }
  const [records] = Object.values(data).filter(Array.isArray) as { CaName?: string; DeviceName?: string }[][]
  return { total: Total, shown: records!.map(({ CaName, DeviceName }) => Number(CaName ?? DeviceName)) }
}

const pageOf = (pageNo: number, pageSize: number) => ({ PageNo: String(pageNo), PageSize: String(pageSize) })

async function fleetOfCas(): Promise<Fleet> {
  const world = await createWorld({ limitPerSecond: 1_000_000 })
  const live = new Set<number>()
  let registered = 0
  const put = (ca: CaCertificate) => world.store.transact((tx) => tx.caCertificates.put(ca))
  return {
    world,
    live,
    async register() {
      live.add((registered += 1))
      await put(caOf(registered))
    },
    flip: (number) => put({ ...caOf(number), status: 'inactive' }),
    async remove(number) {
      live.delete(number)
      await call(world, 'DeleteCaCertificate', { MqttInstanceId: instanceId, Sn: `a${number}` })
    },
    page: (pageNo, pageSize) => list(world, 'ListCaCertificate', pageOf(pageNo, pageSize)),
  }
}

/** @param caCount how many CAs the devices are spread over by `draw` */
async function fleetOfDevices(caCount: number, draw: () => number): Promise<Fleet> {
  const world = await createWorld({ limitPerSecond: 1_000_000 })
  await world.store.transact((tx) => {
    for (let ca = 0; ca < caCount; ca += 1) tx.caCertificates.put(caOf(ca))
  })
  const live = new Set<number>()
  const caByNumber = new Map<number, number>()
  let registered = 0
  const put = (device: DeviceCertificate) => world.store.transact((tx) => tx.deviceCertificates.put(device))
  const caOfDevice = (number: number) => caByNumber.get(number)!
  const one = { action: 'ListDeviceCertificateByCaSn', more: { CaSn: 'a0' } }
  const { action, more } = caCount === 1 ? one : { action: 'ListDeviceCertificate', more: {} }
  return {
    world,
    live,
    async register() {
      live.add((registered += 1))
      caByNumber.set(registered, Math.floor(draw() * caCount))
      await put(deviceOf(registered, caOfDevice(registered)))
    },
    flip: (number) => put({ ...deviceOf(number, caOfDevice(number)), status: 'inactive' }),
    async remove(number) {
      live.delete(number)
      const key = deviceKey(`ca-${caOfDevice(number)}`, `b${number}`)
      await world.store.transact((tx) => tx.deviceCertificates.delete(key))
    },
    page: (pageNo, pageSize) => list(world, action, { ...more, ...pageOf(pageNo, pageSize) }),
  }
}

/** What a walk through a list has seen, and what was done meanwhile. */
interface Walk {
  shown: number[]
  /** There from the beginning of the walk to its end. */
  stayed: number[]
  registrations: number
  deletions: number
}

/** Walks the pages until one is not full, while others register, change and, where they may, delete. */
async function walk(fleet: Fleet, draw: () => number, mayDelete: boolean): Promise<Walk> {
  const upTo = (below: number) => Math.floor(draw() * below)
  for (let first = upTo(40); first > 0; first -= 1) await fleet.register()
  const pageSize = 1 + upTo(9)
  const seen: Walk = { shown: [], stayed: [...fleet.live], registrations: 0, deletions: 0 }
  for (let pageNo = 1; ; pageNo += 1) {
    const { shown, total } = await fleet.page(pageNo, pageSize)
    expect(total).toBe(fleet.live.size)
    seen.shown.push(...shown)
    if (shown.length < pageSize) break
    for (let change = upTo(3); change > 0; change -= 1) await disturb(fleet, seen, upTo, mayDelete)
  }
  seen.stayed = seen.stayed.filter((number) => fleet.live.has(number))
  await fleet.world.app.close()
  return seen
}

async function disturb(fleet: Fleet, seen: Walk, upTo: (below: number) => number, mayDelete: boolean): Promise<void> {
  const one = [...fleet.live][upTo(fleet.live.size)]
  const kind = upTo(mayDelete ? 3 : 2)
  if (kind === 2 && one !== undefined) {
    seen.deletions += 1
    await fleet.remove(one)
  } else if (kind === 1 && one !== undefined) await fleet.flip(one)
  else if (seen.registrations < 60) {
    seen.registrations += 1 // or a walk might never reach the end
    await fleet.register()
  }
}

const missingOf = ({ shown, stayed }: Walk) => stayed.filter((number) => !shown.includes(number))
const repeatedOf = ({ shown }: Walk) => shown.filter((number, at) => shown.indexOf(number) < at)
const seeds = Array.from({ length: 12 }, (_, seed) => seed + 1)

const oneList: [string, (draw: () => number) => Promise<Fleet>][] = [
  ['ListCaCertificate', fleetOfCas],
  ['ListDeviceCertificateByCaSn', (draw) => fleetOfDevices(1, draw)],
]

test.each(oneList)(
  '%s in pages shows all that stays, once and in order, while others come and change',
  async (_, make) => {
    for (const seed of seeds) {
      const draw = seededNumbers(seed)
      const seen = await walk(await make(draw), draw, false)
      expect([seed, missingOf(seen), repeatedOf(seen)]).toEqual([seed, [], []])
      expect(seen.shown).toEqual(seen.shown.toSorted((a, b) => a - b))
    }
  },
)

test.each(oneList)('%s in pages shows nothing twice, and misses one for each deletion at most', async (_, make) => {
  for (const seed of seeds) {
    const draw = seededNumbers(seed)
    const seen = await walk(await make(draw), draw, true)
    expect([seed, repeatedOf(seen)]).toEqual([seed, []])
    expect(missingOf(seen).length).toBeLessThanOrEqual(seen.deletions)
    expect(seen.shown).toEqual(seen.shown.toSorted((a, b) => a - b))
  }
})

test('ListDeviceCertificate in pages misses nothing that stays while others come, and repeats one for each at most', async () => {
  for (const seed of seeds) {
    const draw = seededNumbers(seed)
    const seen = await walk(await fleetOfDevices(3, draw), draw, false)
    expect([seed, missingOf(seen)]).toEqual([seed, []])
    expect(repeatedOf(seen).length).toBeLessThanOrEqual(seen.registrations)
  }
})

test('ListDeviceCertificate in pages misses one for each deletion at most', async () => {
  for (const seed of seeds) {
    const draw = seededNumbers(seed)
    const seen = await walk(await fleetOfDevices(3, draw), draw, true)
    expect(missingOf(seen).length).toBeLessThanOrEqual(seen.deletions)
  }
})
