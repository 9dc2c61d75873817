import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { LiveClient } from './live-client.ts'
import { transcript } from './transcript.ts'

/** What a line of the client's output means. */
export type Meaning = 'connecting' | 'accepted' | 'refused' | 'lost' | 'exit' | `message:${string}` | undefined

/** Runs a client program and follows what it writes. */
export function liveProcess(
  name: string,
  command: readonly [string, ...string[]],
  meaningOf: (line: string) => Meaning,
): LiveClient {
  const [file, ...args] = command
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const told = transcript(name)
  const meanings = transcript(`${name} (${told.lines().length})`)
  let looked = 0
  const add = (line: string) => {
    told.add(line)
    const meaning = meaningOf(line)
    if (meaning) meanings.add(`${meaning} ‹${line}›`)
  }
  createInterface({ input: child.stdout }).on('line', add)
  createInterface({ input: child.stderr }).on('line', add)
  const exited = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      meanings.add(`exit ‹${code}›`)
      resolve()
    })
  })
  const next = async (what: string, wanted: readonly string[], options = {}) => {
    const line = await meanings.waitFor(what, (one) => wanted.includes(one.split(' ‹')[0]!), {
      ...options,
      from: looked,
    })
    looked = meanings.lines().indexOf(line, looked) + 1
    return line
  }
  return {
    online: async (options) => void (await next('acceptance', ['accepted'], options)),
    offline: async (options) => void (await next('the loss of the connection', ['lost', 'exit'], options)),
    refused: (options) => next('a refusal', ['refused', 'exit'], options),
    received: async (payload, options) =>
      void (await meanings.waitFor(payload, (one) => one.startsWith(`message:${payload} ‹`), options)),
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
