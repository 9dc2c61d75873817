import { expect, test } from 'vitest'
import { runInterleavings } from './testing/interleavings.ts'
import { reach, usualSeed } from './testing/reach.ts'
import { tell } from './testing/telling.ts'

const count = 300
const seed = Number(process.env['APSARAMQ_FUZZ_SEED'] ?? usualSeed)

test(`C11: in ${count} random interleavings of ways to connect, to publish and to revoke a certificate is a register`, async () => {
  const failure = await runInterleavings({ count, seed, reach })
  expect(failure && tell(failure, seed)).toBeUndefined()
}, 600_000)
