import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { deviceClient, waitForConnect, waitForMessage } from '@apsaramq/testkit'
import * as fc from 'fast-check'
import type { MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeDevice, registerCa, type Device, type RegisteredCa } from '../support/certificates.ts'
import { seed } from '../support/seed.ts'
import { group, ownerClient, target, topic, unique } from '../support/target.ts'
import { brokenIn, type Attempt, type Message, type RegisterHistory, type Write } from './register-history.ts'

const actionOf = {
  active: 'ActiveDeviceCertificate',
  inactive: 'InactivateDeviceCertificate',
  deleted: 'DeleteDeviceCertificate',
} as const

/** What one program on a device does after it has connected, before it connects again. */
interface Visit {
  tls: 'TLSv1.2' | 'TLSv1.3'
  messages: number
  turns: number
  leaves: boolean
}

interface Plan {
  writes: { to: Write['to']; turns: number }[]
  devices: Visit[][]
}

const turns = fc.integer({ min: 0, max: 40 })
const write = fc.record({ to: fc.constantFrom('active', 'active', 'inactive', 'inactive', 'deleted'), turns })
const visit = fc.record({
  tls: fc.constantFrom('TLSv1.2', 'TLSv1.3'),
  messages: fc.integer({ min: 0, max: 4 }),
  turns,
  leaves: fc.boolean(),
})
const plans: fc.Arbitrary<Plan> = fc.record({
  writes: fc.array(write, { minLength: 3, maxLength: 12 }),
  devices: fc.array(fc.array(visit, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
})

let directory: string
let ca: RegisteredCa
const client = ownerClient()
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
  ca = await registerCa(client, directory)
})
afterAll(async () => {
  client.close()
  await rm(directory, { recursive: true, force: true })
})

/** One certificate, whoever uses it, and what they see. */
class Run {
  readonly history: RegisterHistory = { writes: [], attempts: [], messages: [] }
  readonly #device: Device
  readonly #where = `${topic}/${unique()}`
  readonly #open: MqttClient[] = []
  #now = 0

  constructor(device: Device) {
    this.#device = device
  }

  #tick(): number {
    this.#now += 1
    return this.#now
  }

  async observe(): Promise<(marker: string) => Promise<void>> {
    const observer = deviceClient({ endpoints: target, device: await makeDevice(ca), reconnectPeriod: 0 })
    onTestFinished(() => observer.endAsync(true))
    await waitForConnect(observer)
    await observer.subscribeAsync(this.#where, { qos: 1 })
    observer.on('message', (_, payload) => {
      const message = this.history.messages.find(({ name }) => name === payload.toString())
      if (message) message.isHeard = true
    })
    return async (marker) => {
      const heard = waitForMessage(observer, ({ payload }) => payload.toString() === marker)
      await observer.publishAsync(this.#where, marker, { qos: 1 })
      await heard
      await observer.endAsync()
    }
  }

  async change(writes: Plan['writes']): Promise<void> {
    const { sn, caSn } = this.#device
    for (const { to, turns: count } of writes) {
      await wait(count)
      const call = this.#tick()
      const { status, body } = await client.call(actionOf[to], {
        MqttInstanceId: target.instanceId,
        DeviceSn: sn,
        CaSn: caSn,
      })
      const isFound = status === 200
      if (!isFound) expect(body.Code).toBe('FindDeviceBySnError')
      this.history.writes.push({ to, call, answer: this.#tick(), isFound })
    }
  }

  async visit(visits: readonly Visit[], name: string): Promise<void> {
    for (const [at, { tls, messages, turns: count, leaves }] of visits.entries()) {
      const { mqtt, attempt } = await this.#connect(`${name}${at}`, tls)
      if (!attempt.isAdmitted) continue
      const said = Array.from({ length: messages }, () => this.#say(mqtt, attempt))
      await wait(count)
      if (leaves) await Promise.all(said)
      if (leaves && attempt.closed === undefined) {
        attempt.left = this.#tick()
        await mqtt.endAsync()
      }
    }
  }

  async #connect(name: string, tls: Visit['tls']): Promise<{ mqtt: MqttClient; attempt: Attempt }> {
    const device = { ...this.#device, clientId: `${group}@@@${unique(name)}` }
    const call = this.#tick()
    const how = { reconnectPeriod: 0, minVersion: tls, maxVersion: tls, connectTimeout: 120_000 } as const
    const mqtt = deviceClient({ endpoints: target, device, ...how })
    this.#open.push(mqtt)
    onTestFinished(() => mqtt.endAsync(true))
    const attempt: Attempt = { name, call, end: 0, isAdmitted: false, left: undefined, closed: undefined }
    await new Promise<void>((resolve) => {
      mqtt.once('connect', () => {
        attempt.isAdmitted = true
        resolve()
      })
      mqtt.once('close', () => {
        attempt.closed = this.#tick()
        resolve()
      })
    })
    attempt.end = this.#tick()
    this.history.attempts.push(attempt)
    return { mqtt, attempt }
  }

  /** Resolves when it is acknowledged, or cannot be any more. */
  #say(mqtt: MqttClient, attempt: Attempt): Promise<void> {
    const message: Message = { name: unique('m'), attempt, written: this.#tick(), isAcked: false, isHeard: false }
    this.history.messages.push(message)
    return new Promise((resolve) => {
      mqtt.once('close', () => resolve())
      mqtt.publish(this.#where, message.name, { qos: 1 }, (error) => {
        message.isAcked = !error
        resolve()
      })
    })
  }

  /** Lets everybody learn what has happened: who is alive is told that it has been heard. */
  async settle(): Promise<void> {
    await Promise.all(this.#open.filter(({ connected }) => connected).map((mqtt) => this.#prove(mqtt)))
  }

  #prove(mqtt: MqttClient): Promise<void> {
    return new Promise((resolve) => {
      mqtt.once('close', () => resolve())
      mqtt.publish(this.#where, 'alive', { qos: 1 }, () => resolve())
    })
  }
}

async function wait(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await nextTurn()
}

async function runOf({ writes, devices }: Plan): Promise<RegisterHistory> {
  const run = new Run(await makeDevice(ca))
  const finish = await run.observe()
  await Promise.all([run.change(writes), ...devices.map((visits, at) => run.visit(visits, `d${at}-`))])
  await run.settle()
  await finish(unique('marker'))
  return run.history
}

const seen: Attempt = { name: 'a', call: 1, end: 4, isAdmitted: true, left: undefined, closed: undefined }
const inactivation: Write = { to: 'inactive', call: 6, answer: 9, isFound: true }
const said: Message = { name: 'm', attempt: seen, written: 5, isAcked: true, isHeard: true }

describe('what was seen is found wrong', () => {
  test.each<[says: string, Partial<RegisterHistory>]>([
    [
      'a was admitted between 10 and 12, and never could be',
      { writes: [inactivation], attempts: [{ ...seen, call: 10, end: 12, closed: 13 }] },
    ],
    ['a was refused between 1 and 4, and never could be', { attempts: [{ ...seen, isAdmitted: false, closed: 4 }] }],
    [
      'b was admitted between 8 and 9, and never could be',
      {
        writes: [{ ...inactivation, call: 2, answer: 20 }],
        attempts: [
          { ...seen, call: 5, end: 7, isAdmitted: false, closed: 7 },
          { ...seen, name: 'b', call: 8, end: 9, closed: 10 },
        ],
      },
    ],
    [
      'the API did not find at 6, to be inactive, what a had registered by 4',
      { writes: [{ ...inactivation, isFound: false }], attempts: [seen] },
    ],
    ['a, revoked by 9, is left', { writes: [inactivation], attempts: [seen] }],
    ['a was cut by 5, and nothing had revoked it', { attempts: [{ ...seen, closed: 5 }] }],
    [
      'm, written at 10, was heard beyond the line',
      { writes: [inactivation], messages: [{ ...said, written: 10, isAcked: false }] },
    ],
    [
      'm, written at 10, was acknowledged beyond the line',
      { writes: [inactivation], messages: [{ ...said, written: 10, isHeard: false }] },
    ],
    ['m was acknowledged and not heard', { messages: [{ ...said, isHeard: false }] }],
  ])('C11: %s', (says, history) => {
    expect(brokenIn({ writes: [], attempts: [], messages: [], ...history })).toContain(says)
  })
})

describe('a certificate', () => {
  test(
    'C11: is a register to whoever connects, publishes and changes its status at once',
    { timeout: 180_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(plans, async (plan) => {
          const history = await runOf(plan)
          expect(brokenIn(history), JSON.stringify(history, undefined, 1)).toEqual([])
        }),
        { seed, numRuns: 12, endOnFailure: true },
      )
    },
  )
})
