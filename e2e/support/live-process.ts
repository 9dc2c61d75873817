import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { LiveClient } from './live-client.ts'
import { transcript } from './transcript.ts'

/** What a line of the client's output means. */
export type Meaning = 'connecting' | 'accepted' | 'refused' | 'lost' | `message:${string}` | undefined

/** The line that stands for the end of the process. */
export const exitLine = '(exit)'

const restartAfterMs = 500

/** Runs a client program, follows what it writes, and starts it again when it ends, as the supervisor of a device does. */
export function liveProcess(
  name: string,
  command: readonly [string, ...string[]],
  meaningOf: (line: string) => Meaning,
): LiveClient {
  const [file, ...args] = command
  const meanings = transcript(name)
  let child: ChildProcess
  let looked = 0
  let stopping = false
  let restart: NodeJS.Timeout | undefined
  const add = (line: string) => {
    const meaning = meaningOf(line)
    meanings.add(`${meaning ?? '-'} ‹${line}›`)
  }
  const run = () => {
    const running = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    createInterface({ input: running.stdout }).on('line', add)
    createInterface({ input: running.stderr }).on('line', add)
    running.once('close', () => {
      add(exitLine)
      if (!stopping) restart = setTimeout(run, restartAfterMs)
    })
    child = running
  }
  const next = async (what: string, wanted: Meaning, options = {}) => {
    const isWanted = (line: string) => line.startsWith(`${wanted} ‹`)
    const line = await meanings.waitFor(what, isWanted, { ...options, from: looked })
    looked = meanings.lines().indexOf(line, looked) + 1
    return line
  }
  run()
  return {
    online: async (options) => void (await next('acceptance', 'accepted', options)),
    offline: async (options) => void (await next('the loss of the connection', 'lost', options)),
    refused: (options) => next('a refusal', 'refused', options),
    received: async (payload, options) =>
      void (await meanings.waitFor(payload, (line) => line.startsWith(`message:${payload} ‹`), options)),
    async stop() {
      stopping = true
      clearTimeout(restart)
      if (child.exitCode !== null || child.signalCode !== null) return
      const closed = new Promise((resolve) => void child.once('close', resolve))
      child.kill('SIGKILL')
      await closed
    },
  }
}
