import { systemClock, type SecurityToken } from '@apsaramq/model'
import { expect, test } from 'vitest'
import { openFileStore } from '../file-store.ts'
import { sampleAccount } from '../testing/sample-records.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { readText, type FileSystem } from './file-system.ts'
import { replaceFile } from './replace-file.ts'

const token: SecurityToken = {
  accessKeyId: 'STS.1',
  secret: 's',
  token: 't',
  accountId: '1',
  holder: { kind: 'owner' },
  sessionName: 'x',
  policy: null,
  issuedAt: 0,
  expiresAt: 1,
}

/** Takes collections out of the document, as a version wrote it that did not know them. */
async function forget(disk: FileSystem, ...names: string[]): Promise<void> {
  const document = JSON.parse((await readText(disk, '/data/store.json'))!) as {
    format: number
    collections: Record<string, unknown>
  }
  document.format = 1
  for (const name of names) delete document.collections[name]
  await replaceFile(disk, '/data/store.json', [Buffer.from(JSON.stringify(document))])
}

test('a directory from before there were user groups, roles and security tokens opens, and takes them', async () => {
  const disk = new SimulatedDisk()
  const open = () => openFileStore({ directory: '/data', clock: systemClock, fileSystem: disk })
  const older = await open()
  await older.transact((tx) => tx.accounts.put(sampleAccount('1')))
  await older.close()
  await forget(disk, 'userGroups', 'roles', 'securityTokens')

  const newer = await open()
  expect(await newer.read.accounts.get('1')).toEqual(sampleAccount('1'))
  expect(await newer.read.securityTokens.count('all', '')).toBe(0)
  await newer.transact((tx) => tx.securityTokens.put(token))
  await newer.close()

  const reopened = await open()
  expect(await reopened.read.securityTokens.list('byToken', 't', 0, 9)).toEqual({ total: 1, records: [token] })
  expect(await reopened.read.accounts.get('1')).toEqual(sampleAccount('1'))
  await reopened.close()
})
