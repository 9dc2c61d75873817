import assert from 'node:assert'
import { createRequire } from 'node:module'
import { manualClock } from '@apsaramq/model'
import { describe, expect, test } from 'vitest'
import { neighborLimits } from './limits.ts'
import { createOfflinePersistence } from './offline-persistence.ts'
import { OutgoingQueues } from './outgoing-queues.ts'

interface SuiteOptions {
  test(title: string, body: (context: Context) => Promise<void>): void
  persistence(): unknown
  testAsync: boolean
}

/** What the suite uses of node:test. */
interface Context {
  assert: typeof assert
  plan(assertions: number): void
  diagnostic(message: string): void
}

const runSuite = createRequire(import.meta.url)('aedes-persistence/abstract.js') as (options: SuiteOptions) => void

describe('the conformance suite of aedes-persistence', () => {
  runSuite({ test: asInNodeTest, persistence: newPersistence, testAsync: true })
})

function newPersistence() {
  const clock = manualClock()
  const queues = new OutgoingQueues({ clock, limits: neighborLimits, onDropped: assert.fail })
  return createOfflinePersistence({ clock, queues, outboxOf: () => undefined })
}

function asInNodeTest(title: string, body: (context: Context) => Promise<void>): void {
  test(title, async () => {
    let planned: number | undefined
    let made = 0
    const counted = new Proxy(assert, {
      get(target, name: keyof typeof assert) {
        made += 1
        return target[name]
      },
    })
    await body({ assert: counted, plan: (assertions) => void (planned = assertions), diagnostic: () => {} })
    expect(made).toBe(planned ?? made)
  })
}
