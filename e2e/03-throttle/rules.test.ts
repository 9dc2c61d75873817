import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ApiAnswer, Endpoints, SignedClient } from '@apsaramq/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { explanation, expectExplained } from '../support/explained.ts'
import { firstThrottled, throttledKind } from '../support/first-throttled.ts'
import { sdks } from '../support/sdk.ts'
import { sharedProgram, type SharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram, ownerClient, user } from '../support/target.ts'
import {
  clientsOf,
  isThrottled,
  keysOfUsers,
  offerTogether,
  seeded,
  windowsIn,
  writeUsersSeed,
} from '../support/throttle-offers.ts'

/** More than every limit here, so that the first window is full whatever the machine is doing. */
const many = 60
const parameters = { MqttInstanceId: seeded.instanceId, Sn: 'deadbeef', PageNo: '1', PageSize: '1' }

interface Usage {
  caller: string
  action: string | null
  allowed: number
  refused: number
}

/** What the management port says of the callers of a rule, in the order of their names. */
async function usageOf({ management }: SharedProgram, query: string): Promise<Usage[]> {
  const { usage } = (await management.request('GET', `/limits?${query}`)) as { usage: Usage[] } // the port's contract
  return usage
    .map(({ caller, action, allowed, refused }) => ({ caller, action, allowed, refused }))
    .toSorted((one, other) => one.caller.localeCompare(other.caller))
}

/** A program on the seed of two users, with a client by each of their keys. */
function usersProgram(...flags: string[]) {
  const shared = sharedProgram(async (directory) => ['--seed', await writeUsersSeed(directory), ...flags])
  const clients = {} as Record<keyof typeof keysOfUsers, SignedClient> // set before the first test runs
  beforeAll(() => {
    const [one, two, twoAgain] = clientsOf(shared.endpoints, ['one', 'two', 'twoAgain'])
    Object.assign(clients, { one, two, twoAgain })
  })
  afterAll(() => {
    for (const client of Object.values(clients)) client.close()
  })
  return { shared, clients }
}

/** Checks that every generation of the SDKs reports a throttle by this code. */
async function expectOfEverySdk(endpoints: Endpoints, code: string, message: string): Promise<void> {
  const caller = { ...keysOfUsers.one, endpoints }
  for (const sdk of sdks) {
    const call = () => sdk.call(caller, 'GetCaCertificate', parameters)
    const { requestId: _, ...told } = await firstThrottled(sdk, 'FindCaBySnError', call)
    const kind = throttledKind(sdk, code)
    const said = expect.stringContaining(message) as unknown
    expect({ sdk: sdk.name, ...told }).toEqual({ sdk: sdk.name, kind, code, status: 400, message: said })
  }
}

/** Milliseconds until the window is empty, as an answer tells. */
function untilReset({ headers }: ApiAnswer): number {
  return Number(/Reset:(\d+)/.exec(String(headers['x-ratelimit-user']))![1])
}

describeOwnProgram('a throttle of ten calls a second and account, answered Throttling.Api', () => {
  const flags = ['--limit', '10', '--throttle-code', 'Throttling.Api', '--source-ip-limit', 'warn:6']
  const { shared, clients } = usersProgram(...flags)

  test('D3: two RAM users share what their account has', async () => {
    const action = 'ListDeviceCertificate'
    const { total, refused, seconds } = await offerTogether([clients.one, clients.two], action, many, parameters)
    expect(total).toBeGreaterThanOrEqual(10)
    expect(total).toBeLessThanOrEqual(10 * windowsIn(seconds))
    expect(await usageOf(shared, `rule=calls&action=${action}`)).toEqual([
      { caller: seeded.accountId, action, allowed: total, refused: refused.length },
    ])
  })

  test('D4: every SDK reports Throttling.Api by its own means', () =>
    expectOfEverySdk(shared.endpoints, 'Throttling.Api', 'Request was denied due to api flow control.'))

  test('D4: an answer to an admitted call tells the window, too, and no wait while it takes more calls', async () => {
    const { status, headers } = await clients.one.call('ListCaCertificate', parameters)
    const rate = expect.stringMatching(/^Limit:10,Remain:9,TimeLeft:0,Reset:(100[01]|\d{1,3})$/) as unknown
    expect({ status, headers }).toMatchObject({
      status: 200,
      headers: { 'x-ratelimit-user-api': rate, 'x-ratelimit-user': rate },
    })
    expect(headers['x-acs-retry-after']).toBeUndefined()
  })

  test('D3: a source address above its limit is warned of: all is answered, counted, and said once a second', async () => {
    const action = 'GetRegisterCode'
    const { management, endpoints } = shared
    await management.request('PUT', '/limits', { limit: 100_000, action, rule: 'calls' })
    const { answers, seconds } = await offerTogether([clients.one, clients.two], action, many, parameters)
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    const [row, ...others] = await usageOf(shared, `rule=source-ip&action=${action}`)
    expect({ row, others }).toMatchObject({ row: { caller: '127.0.0.1', action }, others: [] })
    expect(row!.allowed + row!.refused).toBe(2 * many)
    expect(row!.allowed).toBeLessThanOrEqual(6 * windowsIn(seconds))
    const metrics = await (await fetch(`${endpoints.management}/metrics`)).text()
    const labels = `rule="source-ip",account="",action="${action}"`
    expect(metrics).toContain(`apsaramq_throttle_calls_total{${labels},outcome="warned"} ${row!.refused}\n`)

    const { entries } = (await management.request('GET', '/log?limit=100000')) as { entries: Warning[] }
    const counted = entries.filter((entry) => entry.action === action && entry.throttle?.warnedBy?.length)
    expect(counted.length).toBe(row!.refused)
    // one line a second of all operations together, with how many it does not say
    const warned = entries.filter(({ cause }) => cause === 'source-ip-above-limit')
    expect(warned.length).toBeGreaterThan(0)
    for (const { kind, message } of warned) expect([kind, message]).toEqual(['warn', expect.stringMatching(warning)])
    const gaps = warned.slice(1).map(({ at }, before) => at - warned[before]!.at)
    expect(gaps.filter((gap) => gap < 999)).toEqual([])
    const { requestId } = counted.at(-1)!
    expect((await explanation({ requestId }, endpoints.management))?.answer).toBe(
      `nothing was refused; last: ${action} was done`,
    )
  })
})

const warning =
  /^[A-Za-z]+ went on although source address 127\.0\.0\.1 made 6 calls within a second: source-ip only warns(; \d+ calls before it were above it, too)?$/

interface Warning {
  /** Wall-clock milliseconds. */
  at: number
  kind: string
  cause?: string
  action?: string
  message: string
  requestId: string
  throttle?: { warnedBy?: string[] }
}

describeOwnProgram('a throttle of ten calls a second and user, in fixed windows, answered Throttling', () => {
  const flags = ['--limit', '10', '--throttle-scope', 'user', '--throttle', 'fixed', '--throttle-code', 'Throttling']
  const { shared, clients } = usersProgram(...flags, '--source-ip-limit', 'off')

  test('D3: each RAM user has all of it, with both of its keys together', async () => {
    const action = 'ListDeviceCertificate'
    const all = [clients.one, clients.two, clients.twoAgain]
    const { admitted, total, answers, seconds } = await offerTogether(all, action, many, parameters)
    const [ofOne, ofTwo] = [admitted[0]!, admitted[1]! + admitted[2]!]
    for (const ofUser of [ofOne, ofTwo]) {
      expect(ofUser).toBeGreaterThanOrEqual(10)
      expect(ofUser).toBeLessThanOrEqual(10 * (windowsIn(seconds) + 1)) // seconds of a sequence: one more can begin
    }
    const rows = await usageOf(shared, `rule=calls&action=${action}`)
    expect(rows.map(({ allowed, refused }) => [allowed, refused]).toSorted(([a], [b]) => a! - b!)).toEqual(
      [
        [ofOne, many - ofOne],
        [ofTwo, 2 * many - ofTwo],
      ].toSorted(([a], [b]) => a! - b!),
    )
    expect(rows.map(({ caller }) => caller.split('/')[0])).toEqual([seeded.accountId, seeded.accountId])
    expect(total).toBe(answers.filter(({ status }) => status === 200).length)
  })

  test('D4: every SDK reports Throttling by its own means', () =>
    expectOfEverySdk(shared.endpoints, 'Throttling', 'Request was denied due to flow control.'))

  test('D2: twice the limit passes within less than a second around the edge of two seconds', async () => {
    let most = 0
    for (let round = 0; round < 20 && most <= 10; round += 1) most = Math.max(most, await acrossTheEdge(clients.one))
    expect(most).toBeGreaterThan(10) // what no sliding window lets through
    expect(most).toBeLessThanOrEqual(20)
  })
})

/** Offers more than the limit just before the edge of two seconds and just after it; 0 where that took a second. */
async function acrossTheEdge(client: SignedClient): Promise<number> {
  const first = await client.call('ListCaCertificate', parameters)
  await pause(untilReset(first) - 80)
  const from = performance.now()
  const early = await offerTogether([client], 'ListCaCertificate', 12, parameters)
  await pause(120)
  const late = await offerTogether([client], 'ListCaCertificate', 12, parameters)
  return performance.now() - from < 1_000 ? early.total + late.total : 0
}

/** Calls until thirteen are admitted or a second is almost over, and rests then until the bucket is full again. */
async function untilThirteen(client: SignedClient) {
  const from = performance.now()
  const found = { admitted: 0, seconds: 0 }
  let left = 0
  while (found.admitted < 13 && found.seconds < 0.95) {
    const answer = await client.call('ListCaCertificate', parameters)
    found.seconds = (performance.now() - from) / 1_000
    if (!isThrottled(answer)) found.admitted += 1
    left = untilReset(answer)
  }
  await pause(left)
  return found
}

describeOwnProgram('a throttle of ten calls a second and access key, in token buckets', () => {
  const flags = ['--limit', '10', '--throttle-scope', 'key', '--throttle', 'bucket', '--source-ip-limit', 'off']
  const { shared, clients } = usersProgram(...flags)

  test('D3: each access key has all of it, also two keys of one user', async () => {
    const action = 'ListDeviceCertificate'
    const names = ['one', 'two', 'twoAgain'] as const
    const all = names.map((name) => clients[name])
    const { admitted, seconds } = await offerTogether(all, action, many, parameters)
    for (const ofKey of admitted) {
      expect(ofKey).toBeGreaterThanOrEqual(10)
      expect(ofKey).toBeLessThanOrEqual(10 + 10 * seconds)
    }
    expect(await usageOf(shared, `rule=calls&action=${action}`)).toEqual(
      names.map((name, at) => {
        const [caller, allowed] = [keysOfUsers[name].accessKeyId, admitted[at]!]
        return { caller, action, allowed, refused: many - allowed }
      }),
    )
  })

  test('D2: who has rested has the bucket and the refill: more than the limit within less than a second', async () => {
    let found = { admitted: 0, seconds: 1 }
    for (let round = 0; round < 20 && (found.admitted <= 10 || found.seconds >= 1); round += 1) {
      found = await untilThirteen(clients.one)
      expect(found.admitted).toBeLessThanOrEqual(10 + 10 * found.seconds)
    }
    expect(found.admitted).toBeGreaterThan(10) // what no sliding window lets through
  })
})

describeOwnProgram('a throttle of eight calls a second for all operations, and five of an address', () => {
  const flags = ['--limit', '8', '--throttle-per', 'shared', '--source-ip-limit', 'enforce:5']
  const shared = sharedProgram(async () => flags)
  let endpoints: Endpoints
  let owner: SignedClient
  let stranger: SignedClient
  beforeAll(() => {
    endpoints = shared.endpoints
    const other = endpoints.users.find(({ accountId }) => accountId !== endpoints.accountId)!
    owner = ownerClient(endpoints)
    stranger = ownerClient(endpoints, user(other.name, endpoints))
  })
  afterAll(() => {
    owner?.close()
    stranger?.close()
  })
  const ofOwner = () => ({ ...parameters, MqttInstanceId: endpoints.instanceId })

  test('D3: a source address above its limit is refused, whoever calls from it, and is told why', async () => {
    const action = 'GetCaCertificate'
    const { total, refused, seconds } = await offerTogether([owner, stranger], action, many, ofOwner())
    expect(total).toBeGreaterThanOrEqual(5)
    expect(total).toBeLessThanOrEqual(5 * windowsIn(seconds))
    expect(await usageOf(shared, `rule=source-ip&action=${action}`)).toEqual([
      { caller: '127.0.0.1', action, allowed: total, refused: refused.length },
    ])
    const { requestId } = refused[0]!
    await expectExplained({ requestId }, 'throttled', endpoints.management)
    const told = await explanation({ requestId }, endpoints.management)
    expect(told?.answer).toMatch(/source address 127\.0\.0\.1 made 5 calls within a second; wait \d+ ms/)
  })

  test('D3: all operations together have one limit', async () => {
    await shared.management.request('POST', '/reset')
    const actions = ['ListCaCertificate', 'GetRegisterCode', 'ListDeviceCertificate']
    const { total, refused, seconds } = await offerTogether([owner], actions, many, ofOwner())
    expect(total).toBeGreaterThanOrEqual(8)
    expect(total).toBeLessThanOrEqual(8 * windowsIn(seconds))
    const [row, ...others] = await usageOf(shared, 'rule=calls')
    expect({ row, others }).toMatchObject({
      row: { caller: endpoints.accountId, action: null, allowed: total },
      others: [],
    })
    expect(refused.length).toBe(many - total)
  })

  test('D5: a hundred refused calls change nothing and write nothing', async () => {
    const [device] = await shared.management.issueDevices({ clientId: 'GID_demo@@@throttled', registered: true })
    const { caSn: CaSn, deviceSn: DeviceSn } = device!
    const MqttInstanceId = endpoints.instanceId
    const certificate = { MqttInstanceId, CaSn, DeviceSn }
    const round = async () => {
      await succeed(() => owner.call('ActiveDeviceCertificate', certificate))
      await offerTogether([owner], 'InactivateDeviceCertificate', 20, { ...certificate, DeviceSn: 'deadbeef' })
      const before = await filesIn(shared.dataDir)
      const { total } = await offerTogether([owner], 'InactivateDeviceCertificate', 100, certificate)
      return { total, before, after: await filesIn(shared.dataDir) }
    }
    let offered = await round()
    for (let more = 0; more < 20 && offered.total > 0; more += 1) offered = await round() // the window had moved on
    expect(offered.total).toBe(0)
    expect(Object.keys(offered.before).some((name) => name.startsWith('journal-'))).toBe(true)
    expect(offered.after).toEqual(offered.before)
    const { body } = await succeed(() => owner.call('GetDeviceCertificate', certificate))
    expect(body['Data']).toMatchObject({ DeviceSn, Status: '1' })
  })
})

/** Calls until the throttle admits it, waiting as it is told. */
async function succeed(call: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  for (let calls = 0; calls < 20; calls += 1) {
    const answer = await call()
    if (!isThrottled(answer)) {
      expect(answer.status).toBe(200)
      return answer
    }
    await pause(Number(answer.headers['x-acs-retry-after']))
  }
  throw new Error('20 calls were all throttled, though each waited as it was told')
}

/** The sizes of the files of a data directory, by name. */
async function filesIn(directory: string): Promise<Record<string, number>> {
  const names = (await readdir(directory, { recursive: true })).toSorted()
  const sizes = await Promise.all(names.map(async (name) => [name, (await stat(join(directory, name))).size] as const))
  return Object.fromEntries(sizes)
}
