import { readFile } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { chunksOf, firstPackets, plainConnect, rightSessions, wrongSessions, type Recipe } from '@apsaramq/broker/fuzz'
import type { LogEntry } from '@apsaramq/model'
import { managementClient, waitForMessage, waitWithin, type Endpoints, type IssuedDevice } from '@apsaramq/testkit'
import * as fc from 'fast-check'
import type { MqttClient } from 'mqtt'
import { openTls } from '../support/tls-attempt.ts'

/** A program, a device that misbehaves, and another that watches whether it is served meanwhile. */
export interface Scene {
  endpoints: Endpoints
  device: IssuedDevice
  /** Connected, and subscribed to {@link watchedTopic}. */
  witness: MqttClient
}

/** What the witness hears. */
export const watchedTopic = 'demo/witness'

const sessions = fc.oneof(rightSessions, { weight: 3, arbitrary: wrongSessions }, firstPackets)

/** How a batch went. */
export interface Played {
  /** What is wrong afterwards; nothing where all is well. */
  faults: string[]
  /** How often each thing was logged: a cause, or what kind of entry has none. */
  logged: Record<string, number>
}

/** Plays so many random sessions at once. */
export async function playBatch(scene: Scene, seed: number, count: number): Promise<Played> {
  const management = managementClient(scene.endpoints.management)
  const after = (await entriesOf(management, 0, 1)).at(-1)?.seq ?? 0
  const recipes = fc.sample(sessions, { seed, numRuns: count })
  await Promise.all(recipes.map((recipe, at) => play(scene, recipe, `GID_demo@@@${seed}-${at}`)))
  await roundTrip(scene)
  const entries = await endingsLogged(management, after, count)
  const left = (await management.request('GET', '/sessions')) as { sessions: unknown[] } // the port's contract
  const leak = left.sessions.length === 1 ? [] : [`${left.sessions.length - 1} sessions are left`]
  return { faults: [...leak, ...entries.flatMap(entryFault)], logged: countedCauses(entries) }
}

function countedCauses(entries: readonly LogEntry[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { plane, kind, cause } of entries) {
    if (plane === 'mqtt') counts.set(cause ?? kind, (counts.get(cause ?? kind) ?? 0) + 1)
  }
  return Object.fromEntries(counts)
}

/** Sends a session as it is and closes; resolves when the broker has closed too. */
async function play({ endpoints, device }: Scene, recipe: Recipe, clientId: string): Promise<void> {
  const { socket } = await openTls(endpoints, device)
  socket.resume()
  const closed = waitWithin<void>(
    { withinMs: 30_000 },
    ({ resolve }) => {
      socket.once('close', () => resolve())
      return () => undefined
    },
    () => `the broker keeps the connection: ${JSON.stringify(recipe)}`,
  )
  const isFirstPacket = recipe.bytes.length === 0
  const connect = isFirstPacket ? recipe.connect : plainConnect(recipe.level, clientId)
  for (const chunk of chunksOf(Buffer.concat([connect, recipe.bytes]), recipe.steps)) {
    if (!socket.writable) break
    socket.write(chunk)
    await nextTurn()
  }
  socket.end()
  await closed
}

/** The witness gets an answer to PINGREQ, and a message of its own. */
async function roundTrip({ witness }: Scene): Promise<void> {
  const ponged = waitWithin<void>(
    { withinMs: 10_000 },
    ({ resolve }) => {
      const look = ({ cmd }: { cmd: string }) => (cmd === 'pingresp' ? resolve() : undefined)
      witness.on('packetreceive', look)
      return () => void witness.off('packetreceive', look)
    },
    () => 'no PINGRESP came',
  )
  witness.sendPing()
  await ponged
  const back = waitForMessage(witness, () => true, { withinMs: 10_000 })
  await witness.publishAsync(watchedTopic, 'still there', { qos: 1 })
  await back
}

type Management = ReturnType<typeof managementClient>

async function entriesOf(management: Management, after: number, limit = 100_000): Promise<LogEntry[]> {
  const answer = await management.request('GET', `/log?after=${after}&limit=${limit}`)
  return (answer as { entries: LogEntry[] }).entries // the port's contract
}

const isEnding = ({ plane, kind }: LogEntry) => plane === 'mqtt' && ['refuse', 'drop', 'disconnect'].includes(kind)

/** Waits until the broker has logged the end of every session. */
async function endingsLogged(management: Management, after: number, count: number): Promise<LogEntry[]> {
  let entries: LogEntry[] = []
  for (let turn = 0; turn < 200; turn += 1) {
    entries = await entriesOf(management, after)
    if (entries.filter(isEnding).length >= count) break
  }
  const ended = entries.filter(isEnding).length
  if (ended !== count) throw new Error(`${count} sessions, and ${ended} of them ended in the log`)
  return entries
}

/** A forced end has a cause, and nothing is a bug. */
function entryFault(entry: LogEntry): string[] {
  const isWithoutCause = (entry.kind === 'refuse' || entry.kind === 'drop') && entry.cause === undefined
  return isWithoutCause || entry.cause === 'internal-error' ? [JSON.stringify(entry)] : []
}

/** What a process holds in memory, in bytes; undefined where the system does not tell. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? []
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}
