import { expect, it } from 'vitest'
import { createTables } from './table.ts'
import { sampleDevice } from './testing/sample-records.ts'

const bySn = (one: object, other: object) => JSON.stringify(one).localeCompare(JSON.stringify(other))
const device = (sn: number, registeredAt = 0) => sampleDevice('ca-1', sn.toString(16), { registeredAt })

it('has the records of its moment, whatever happens to the table while it is read', () => {
  for (let change = 0; change <= 10; change += 1) {
    const table = createTables().deviceCertificates
    for (let sn = 1; sn <= 9; sn += 1) table.set(`ca-1/${sn}`, device(sn), sn)
    const records: object[] = []
    const reading = table.snapshot()[Symbol.iterator]()
    for (let at = 0, next = reading.next(); !next.done; at += 1, next = reading.next()) {
      records.push(next.value)
      if (at !== change) continue
      table.set('ca-1/2', device(2, 1), 2)
      table.set('ca-1/7', device(7, 1), 7)
      table.set('ca-1/7', device(7, 2), 7)
      table.set('ca-1/3', undefined, 0)
      table.set('ca-1/8', undefined, 0)
      table.set('ca-1/8', device(8, 3), 10)
      table.set('ca-1/a', device(10), 11)
    }
    expect(records.sort(bySn)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((sn) => device(sn)).sort(bySn))
  }
})

it('leaves the table alone once it is released', () => {
  const table = createTables().deviceCertificates
  table.set('ca-1/1', device(1), 1)
  const snapshot = table.snapshot()
  table.releaseSnapshot()
  table.set('ca-1/1', device(1, 1), 1)
  expect([...snapshot]).toEqual([device(1, 1)])
})
