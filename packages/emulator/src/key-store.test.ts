import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@apsaramq/model'
import { issueCa } from '@apsaramq/pki'
import { beforeAll, describe, expect, it } from 'vitest'
import { openKeyStore } from './key-store.ts'
import { StartError } from './start-error.ts'

const deps = { clock: systemClock, random: systemRandom }
let pairs: Awaited<ReturnType<typeof issueCa>>[]

beforeAll(async () => {
  pairs = await Promise.all(['a', 'b'].map((commonName) => issueCa({ commonName, keyType: 'ec' }, deps)))
})

async function storeIn(folder = mkdtempSync(join(tmpdir(), 'key-store-'))) {
  const directory = join(folder, 'deep', 'pki')
  return { directory, keys: await openKeyStore(directory) }
}

describe('key store', () => {
  it('gives back what was saved, in files of the owner alone', async () => {
    const { directory, keys } = await storeIn()
    await keys.save('ca-1', pairs[0]!)
    await keys.save('ca-1', pairs[1]!)
    expect(await keys.load('ca-1')).toEqual(pairs[1])
    expect(await keys.names('ca-')).toEqual(['ca-1'])
    expect(readdirSync(directory).sort()).toEqual(['ca-1.key', 'ca-1.pem'])
    expect(statSync(join(directory, 'ca-1.key')).mode & 0o777).toBe(0o600)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
  })

  it('takes a pair whose certificate was not saved any more for none', async () => {
    const { directory, keys } = await storeIn()
    await keys.save('ca-1', pairs[0]!)
    rmSync(join(directory, 'ca-1.pem'))
    expect(await keys.load('ca-1')).toBeUndefined()
  })

  it.each([
    ['a certificate without its key', (directory: string) => rmSync(join(directory, 'ca-1.key'))],
    ['the key of another', (directory: string) => writeFileSync(join(directory, 'ca-1.key'), pairs[1]!.key)],
    ['a certificate that is none', (directory: string) => writeFileSync(join(directory, 'ca-1.pem'), 'junk')],
  ])('refuses %s with a sentence, and makes no other in its place', async (_, spoil) => {
    const { directory, keys } = await storeIn()
    await keys.save('ca-1', pairs[0]!)
    spoil(directory)
    const attempt = keys.load('ca-1')
    await expect(attempt).rejects.toBeInstanceOf(StartError)
    await expect(attempt).rejects.toThrow(/ca-1\.pem are not a key and its certificate: restore them, or remove both/)
  })
})
