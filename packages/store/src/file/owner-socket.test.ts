import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { link, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@apsaramq/model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimDirectory } from './owner-socket.ts'

let place: string
beforeEach(async () => void (place = await mkdtemp(join(tmpdir(), 'apsaramq-owner-'))))
afterEach(() => rm(place, { recursive: true }))

const claim = (directory = place) => claimDirectory(directory, systemClock)

/** Listens on the socket in a process of its own and kills that: the name stays, the owner is gone. */
async function leaveStale(name: string): Promise<void> {
  const text = `require('net').createServer().listen(${JSON.stringify(join(place, name))}, () => console.log('up'))`
  const child = spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
}

describe.skipIf(process.platform === 'win32')('the owner of a directory', () => {
  it('is one: a second is told which process it is and what to do', async () => {
    const release = await claim()
    await expect(claim()).rejects.toThrow(
      `The data directory ${place} is used by the running process ${process.pid}: stop it, or choose another directory with --data.`,
    )
    await release()
    await (
      await claim()
    )()
  })

  it('follows one that was killed', async () => {
    await leaveStale('owner.4.sock')
    const release = await claim()
    expect(await readdir(place)).toEqual(['owner.5.sock'])
    await expect(claim()).rejects.toThrow('is used by the running process')
    await release()
  })

  it('is one of many that start at once, on a fresh directory and on one whose owner was killed', async () => {
    for (const prepare of [async () => {}, () => leaveStale('owner.9.sock')]) {
      await prepare()
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => claim()))
      const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
      expect(winners).toHaveLength(1)
      await winners[0]!()
    }
  })

  it('is the one of the highest number', async () => {
    const release = await claim()
    const server = createServer().listen(join(place, 'other'))
    await once(server, 'listening')
    await link(join(place, 'other'), join(place, 'owner.7.sock'))
    await expect(claim()).rejects.toThrow('is used by a running process')
    await new Promise((resolve) => server.close(resolve))
    await release()
  })

  it('can be of a directory with a long name', async () => {
    const long = join(place, 'd'.repeat(200))
    await mkdir(long)
    const release = await claim(long)
    expect((await stat(join(long, 'owner.1.sock'))).isSocket()).toBe(true)
    await expect(claim(long)).rejects.toThrow(`is used by the running process ${process.pid}`)
    await release()
  })
})
