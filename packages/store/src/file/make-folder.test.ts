import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeFolder } from './make-folder.ts'

describe('makeFolder', () => {
  it('ends on a file system that makes no folder', async () => {
    if (!existsSync('/proc/self')) return expect(process.platform).not.toBe('linux')
    await expect(makeFolder('/proc/nowhere/deep')).rejects.toThrow(/ENOENT|EACCES/)
  })

  it('refuses a path through a file', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'folder-')), 'file')
    writeFileSync(file, '')
    await expect(makeFolder(join(file, 'below'))).rejects.toThrow(/EEXIST|ENOTDIR/)
  })
})
