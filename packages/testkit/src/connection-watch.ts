import { systemClock, type Clock } from '@apsaramq/model'
import type { MqttClient } from 'mqtt'

/** How the latest attempt of a client to connect stands; `at` is milliseconds on the clock's monotonic source. */
export type Connection =
  | { state: 'connecting'; at: number; detail: string }
  | { state: 'connected'; at: number; detail: string }
  /** An accepted connection ended without the client's wish. */
  | { state: 'lost'; at: number; detail: string }
  /** The broker was there and did not accept; `code` is the CONNACK's. */
  | { state: 'refused'; at: number; detail: string; by: 'cut' | 'connack'; code?: number }
  /** There was no broker to refuse anything. */
  | { state: 'unreachable'; at: number; detail: string }
  /** The client was told to end. */
  | { state: 'ended'; at: number; detail: string }

/** Follows one client. */
export interface ConnectionWatch {
  /** Where the client stands now. */
  current(): Connection
  /** What was seen, latest last, one line each. */
  seen(): string[]
  onChange(listener: (connection: Connection) => void): () => void
  /** Origin of the management port that can explain this client's refusals. */
  management?: string
}

const watches = new WeakMap<MqttClient, ConnectionWatch>()
const rememberedLines = 20
const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])

/** The watch of a client, begun at the first call; from then on its errors do not end the process. */
export function watchConnection(client: MqttClient, clock: Clock = systemClock): ConnectionWatch {
  const known = watches.get(client)
  if (known) return known
  const watch = createWatch(client, clock)
  watches.set(client, watch)
  return watch
}

function createWatch(client: MqttClient, clock: Clock): ConnectionWatch {
  const startedAt = clock.monotonic()
  const listeners = new Set<(connection: Connection) => void>()
  const lines: string[] = []
  let failure: Error | undefined
  let current: Connection = client.connected
    ? { state: 'connected', at: startedAt, detail: 'connected' }
    : { state: 'connecting', at: startedAt, detail: 'connecting' }
  const note = (text: string) => {
    lines.push(`${text} (+${Math.round(clock.monotonic() - startedAt)} ms)`)
    if (lines.length > rememberedLines) lines.shift()
  }
  const change = (next: Connection) => {
    current = next
    for (const listener of listeners) listener(next)
  }
  client.on('connect', () => {
    note('connected')
    failure = undefined
    change({ state: 'connected', at: clock.monotonic(), detail: 'connected' })
  })
  client.on('error', (error) => {
    note(`error ${error.message}`)
    failure = error
  })
  client.on('disconnect', (packet) => note(`DISCONNECT ${packet.reasonCode ?? 0}`))
  client.on('close', () => {
    note('closed')
    change(afterClose({ before: current, failure, ending: client.disconnecting, at: clock.monotonic() }))
    failure = undefined
  })
  return {
    current: () => current,
    seen: () => [...lines],
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

interface Closing {
  before: Connection
  failure: Error | undefined
  ending: boolean
  at: number
}

function afterClose({ before, failure, ending, at }: Closing): Connection {
  const detail = failure?.message ?? 'the connection was closed'
  if (ending) return { state: 'ended', at, detail }
  if (before.state === 'connected') return { state: 'lost', at, detail }
  const code = (failure as { code?: unknown } | undefined)?.code // a system error's name or a CONNACK's number
  if (typeof code === 'string' && unreachable.has(code)) return { state: 'unreachable', at, detail }
  if (typeof code === 'number') return { state: 'refused', at, detail, by: 'connack', code }
  return { state: 'refused', at, detail, by: 'cut' }
}
