import { assumptions } from '@apsaramq/model'
import { expect, it } from 'vitest'
import { createAssumptionLedger, describeTouched } from './assumption-ledger.ts'

it('L5: counts what a run has rested on and says it at the end', () => {
  const ledger = createAssumptionLedger()
  for (const sn of ['0a', '0b', '0c']) ledger.touch('A-01', sn)
  ledger.touch('A-07')
  expect(describeTouched(ledger.entries())).toEqual([
    `A-01 ×3 (assumed): ${assumptions['A-01'].says}`,
    `A-07 ×1 (inferred): ${assumptions['A-07'].says}`,
  ])
  expect(ledger.entries().find(({ id }) => id === 'A-01')).toMatchObject({
    touched: 3,
    last: '0c',
    setting: 'live-sessions',
  })
  expect(ledger.entries().map(({ id }) => id)).toEqual(Object.keys(assumptions))
})

it('L5: says what is done instead where the option of an assumption is changed', () => {
  const ledger = createAssumptionLedger((flag) => flag === 'live-sessions')
  const says = (id: string) => ledger.entries().find((entry) => entry.id === id)?.says
  expect(says('A-01')).toMatch(/^a live session outlives the inactivation of its certificate/)
  expect(says('A-02')).toBe(assumptions['A-02'].says)
})
