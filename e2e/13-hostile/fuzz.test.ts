import { expect, test } from 'vitest'
import { fuzz, isServing } from '../support/fuzz/fuzz.ts'
import { ownProgram } from '../support/own-program.ts'
import { seed } from '../support/seed.ts'
import { describeOwnProgram } from '../support/target.ts'

const count = 2_000

describeOwnProgram('a program of its own', () => {
  test(`B4: ${count} requests that random changes have spoilt are answered in the envelope or cut off, and logged`, async () => {
    const program = await ownProgram(['--limit', '1000000'])
    expect(await fuzz(program.endpoints(), seed, count)).toBeUndefined()
    expect(await isServing(program.endpoints())).toBe(true)
    expect(program.stderr()).not.toMatch(/InternalError|UnhandledPromiseRejection|^\s+at /m)
  }, 180_000)
})
