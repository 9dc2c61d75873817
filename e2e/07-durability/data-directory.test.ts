import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ProgramExitedError, startProgram } from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../support/any-ports.ts'
import { ownProgram, temporaryDirectory } from '../support/own-program.ts'
import { describeOwnProgram, ownerClient } from '../support/target.ts'

async function failure(dataDir: string, flags: string[] = []) {
  const error = await startProgram({ args: ['start', ...anyPorts, ...flags], dataDir }).catch(
    (reason: unknown) => reason,
  )
  if (!(error instanceof ProgramExitedError)) throw new Error('the program started')
  return error.result
}

/** The last line that is not part of the introduction: the sentence for the user. */
const sentence = (stderr: string) => stderr.trim().split('\n').at(-1)!

describeOwnProgram('the data directory', () => {
  test('G7: belongs to one process; the second is told so, and the first goes on', async () => {
    const dataDir = join(await temporaryDirectory(), 'data')
    const first = await ownProgram([], { dataDir })
    const { code, stderr } = await failure(dataDir)
    expect(code).toBe(1)
    expect(sentence(stderr)).toMatch(/^apsaramq-emulator: .*(another|process|in use)/)
    expect(stderr).not.toMatch(/^\s+at /m)
    const client = ownerClient(first.endpoints())
    onTestFinished(() => client.close())
    expect((await client.call('GetRegisterCode', { MqttInstanceId: first.endpoints().instanceId })).status).toBe(200)
  })

  test('G7: what is in it is nobody else’s to read, and not for a repository', async () => {
    const dataDir = join(await temporaryDirectory(), 'data')
    await ownProgram([], { dataDir })
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    expect(await readFile(join(dataDir, '.gitignore'), 'utf8')).toMatch(/^\*/m)
    for (const file of await readdir(dataDir, { recursive: true })) {
      const { mode } = await stat(join(dataDir, file))
      if (/key/i.test(file)) expect({ file, mode: (mode & 0o077).toString(8) }).toEqual({ file, mode: '0' })
    }
  })

  test('G8: of a newer version is refused in a sentence', async () => {
    const dataDir = join(await temporaryDirectory(), 'data')
    await (await ownProgram([], { dataDir })).stop()
    const stamp = await versionFile(dataDir)
    await writeFile(stamp.file, stamp.text.replace(/("?(?:format|version|formatVersion)"?\s*:\s*)\d+/, '$1999'))
    const { code, stderr } = await failure(dataDir)
    expect(code).toBe(1)
    expect(sentence(stderr)).toMatch(/^apsaramq-emulator: .*(newer|version)/)
  })

  test('G7: that is a file is refused in a sentence', async () => {
    const file = join(await temporaryDirectory(), 'file')
    await writeFile(file, '')
    const { code, stderr } = await failure(file)
    expect({ code, sentence: sentence(stderr) }).toMatchObject({
      code: 1,
      sentence: expect.stringContaining(file) as unknown,
    })
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  test('G7: on a full disk calls fail and nothing is answered as done, until there is space again', async ({
    skip,
  }) => {
    const mount = await mkdtemp(join(tmpdir(), 'apsaramq-full-'))
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', mount])
    if (mounted.status !== 0) {
      await rm(mount, { recursive: true })
      skip('a small disk cannot be mounted by this user')
    }
    onTestFinished(async () => {
      spawnSync('umount', [mount])
      await rm(mount, { recursive: true, force: true })
    })
    const dataDir = join(mount, 'data')
    const program = await ownProgram([], { dataDir })
    const endpoints = program.endpoints()
    const client = ownerClient(endpoints)
    onTestFinished(() => client.close())
    const call = () => client.call('GetRegisterCode', { MqttInstanceId: endpoints.instanceId })
    expect((await call()).status).toBe(200)
    const ballast = join(mount, 'ballast')
    await writeFile(ballast, Buffer.alloc(8 * 1024 * 1024)).catch(() => undefined) // it ends where the disk does
    const codes: string[] = []
    let refused = await call()
    for (let calls = 0; refused.status === 200 && calls < 2_000; calls += 1) {
      codes.push(String(refused.body.RegisterCode))
      refused = await call()
    }
    expect({ status: refused.status, code: refused.body.Code }).toMatchObject({
      code: expect.stringMatching(/^(InternalError|SystemOverFlow)$/) as unknown,
    })
    const reading = await client.call('ListCaCertificate', {
      MqttInstanceId: endpoints.instanceId,
      PageNo: '1',
      PageSize: '1',
    })
    expect(reading.status).toBe(200)
    await rm(ballast)
    await expect.poll(async () => (await call()).status, { timeout: 20_000, interval: 100 }).toBe(200)
    expect(codes.length).toBeLessThan(2_000)
  })
})

async function versionFile(dataDir: string): Promise<{ file: string; text: string }> {
  const names = (await readdir(dataDir, { recursive: true })).filter(
    (name) => name.endsWith('.json') && name !== 'endpoints.json',
  )
  for (const name of names) {
    const file = join(dataDir, name)
    const text = await readFile(file, 'utf8')
    if (/"(format|version|formatVersion)"\s*:\s*\d+/.test(text)) return { file, text }
  }
  throw new Error(`no file of ${names.join(', ')} states a format version`)
}
