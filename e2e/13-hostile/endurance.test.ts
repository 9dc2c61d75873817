import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import type { Endpoints, Program } from '@apsaramq/testkit'
import { expect, test } from 'vitest'
import { isServing } from '../support/fuzz/fuzz.ts'
import { ownProgram } from '../support/own-program.ts'
import { exchangeBytes } from '../support/raw-answers.ts'
import { describeOwnProgram } from '../support/target.ts'

const megabyte = 1 << 20

/** What a process holds in memory, in bytes; undefined where the system does not tell. */
async function residentBytes({ pid }: Program): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? []
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

/** How many connections this process may open to one that may open as many, of those that are wanted. */
function affordable(wanted: number): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: number | string } } }
  const limit = Number(userLimits?.open_files?.soft)
  return Number.isNaN(limit) ? wanted : Math.min(wanted, limit - 500)
}

async function opened({ api }: Endpoints): Promise<Socket> {
  const { hostname, port } = new URL(api)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => resolve(socket.off('error', reject)))
    socket.once('error', reject)
    socket.on('error', () => socket.destroy())
  })
}

/** Sockets that each have sent the same, opened some at a time, so that none is dropped before it is let in. */
async function openedWith(endpoints: Endpoints, count: number, bytes: string): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const some = await Promise.all(
      Array.from({ length: Math.min(200, count - sockets.length) }, () => opened(endpoints)),
    )
    if (bytes !== '') for (const socket of some) socket.write(bytes)
    sockets.push(...some)
    expect(await isServing(endpoints)).toBe(true)
  }
  return sockets
}

const form = (bytes: number) =>
  `POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${bytes}\r\n\r\n`

describeOwnProgram('a program of its own', () => {
  test('B4: ten thousand silent connections are held, others are served meanwhile, and nothing is left of them', async () => {
    const program = await ownProgram()
    const endpoints = program.endpoints()
    const before = await residentBytes(program)
    const silent = await openedWith(endpoints, affordable(10_000), '')
    expect(await isServing(endpoints)).toBe(true)
    for (const socket of silent) socket.resetAndDestroy()
    expect(await isServing(endpoints)).toBe(true)
    if (before !== undefined) expect((await residentBytes(program))! - before).toBeLessThan(400 * megabyte)
  })

  test('B4: large heads, forms and bodies that do not end use up no more memory than they may', async () => {
    const program = await ownProgram()
    const endpoints = program.endpoints()
    const before = await residentBytes(program)
    const heads = await openedWith(endpoints, 500, `GET /?${'a'.repeat(100_000)}`)
    const forms = await openedWith(endpoints, 300, form(500_000) + 'a'.repeat(499_999))
    const bodies = await openedWith(
      endpoints,
      100,
      form(10 * megabyte).replace('x-www-form-urlencoded', 'x') + 'a'.repeat(megabyte),
    )
    expect(await isServing(endpoints)).toBe(true)
    if (before !== undefined) expect((await residentBytes(program))! - before).toBeLessThan(600 * megabyte)
    for (const socket of [...heads, ...forms, ...bodies]) socket.destroy()
    const flood = Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\n${'x: y\r\n'.repeat(100_000)}\r\n`)
    for (let turn = 0; turn < 100; turn += 1) {
      const answers = await exchangeBytes(endpoints.api, flood, { pieces: 1, reset: false })
      expect(answers.every(({ status }) => status === 431)).toBe(true)
    }
    expect(await isServing(endpoints)).toBe(true)
  })
})
