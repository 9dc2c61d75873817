import type { Duplex } from 'node:stream'
import type { Admit } from './admission.ts'
import { readConnect, type ArrivedConnect, type RefusedConnect } from './connect-reader.ts'
import type { Connection } from './connection.ts'
import type { Endings } from './endings.ts'
import type { Identity } from './identity.ts'
import type { Link } from './link.ts'
import type { SessionIndex } from './sessions.ts'
import type { BrokerOptions } from './settings.ts'
import { StreamFault } from './stream-fault.ts'
import type { Refusal } from './verdict.ts'

/** What receiving connections needs. */
export interface ReceptionDeps extends Pick<BrokerOptions, 'clock' | 'settings'> {
  index: SessionIndex
  endings: Endings
  admit: Admit
  /** An id that no other connection of this or any other process has. */
  nextId(): string
  /** Whether the broker takes connections at the moment. */
  gate: { isOpen: boolean }
}

/** What a listener hands over once every handshake is done. */
export interface Arrival {
  stream: Duplex
  link: Link
  identity: Identity
}

/** Receives a connection: enters it in the index, and waits for its CONNECT within a time limit. */
export function receive(deps: ReceptionDeps, arrival: Arrival): void {
  const connection = connectionOf(deps, arrival)
  const { stream } = connection
  stream.on('error', (error) => onError(deps, connection, error))
  stream.once('close', () => deps.endings.closed(connection))
  deps.index.add(connection)
  if (deps.gate.isOpen) return waitForConnect(deps, connection)
  deps.endings.refuse(connection, { cause: 'emulator-reset', message: 'the broker is being reset' })
}

/** Node says by an error why a stream failed; what matters here is that it closes, unless the client was at fault. */
function onError({ endings }: ReceptionDeps, connection: Connection, error: Error): void {
  connection.stream.destroy()
  if (!(error instanceof StreamFault)) return
  const ending: Refusal = { cause: error.fault, message: error.message }
  if (connection.stage === 'live') endings.drop([connection], ending, 'published')
  else endings.refuse(connection, ending)
}

/** Apart, so that nothing that lives as long as the connection holds on to what its CONNECT needed. */
function waitForConnect(deps: ReceptionDeps, connection: Connection): void {
  const { connectTimeoutMs, maxPacketBytes } = deps.settings
  const stopReading = readConnect(connection.stream, maxPacketBytes, (result) => onConnect(deps, connection, result))
  const cancel = deps.clock.after(connectTimeoutMs, () => onTimeout(deps, connection))
  connection.stopWaiting = () => {
    stopReading()
    cancel()
    connection.stopWaiting = nothing
  }
}

function connectionOf({ nextId }: ReceptionDeps, { stream, link, identity }: Arrival): Connection {
  return {
    id: nextId(),
    stream,
    link,
    identity,
    stage: 'waiting',
    disturbed: false,
    clientId: undefined,
    level: undefined,
    maxAnswerBytes: Infinity,
    admitted: undefined,
    ending: undefined,
    stopWaiting: nothing,
  }
}

function nothing(): void {}

function onConnect(
  { endings, admit }: ReceptionDeps,
  connection: Connection,
  result: ArrivedConnect | RefusedConnect,
): void {
  if (connection.stage !== 'waiting') return
  if (result.kind === 'refused') return endings.refuse(connection, result.refusal, result.answer)
  connection.stage = 'judging'
  connection.clientId = result.packet.clientId
  connection.level = result.packet.level
  connection.maxAnswerBytes = result.packet.properties?.maximumPacketSize ?? Infinity
  void admit(connection, result)
}

function onTimeout({ endings, settings }: ReceptionDeps, connection: Connection): void {
  const withinMs = `within ${settings.connectTimeoutMs} ms`
  if (connection.stage === 'judging') {
    endings.refuse(connection, { cause: 'store-failed', message: `the store did not answer ${withinMs}` })
  }
  const isUncertified = connection.identity?.kind === 'none' && connection.link.tlsVersion !== null
  const certificate = isUncertified ? ', and no certificate was presented' : ''
  endings.refuse(connection, { cause: 'connect-timeout', message: `no CONNECT ${withinMs}${certificate}` })
  connection.link.cut() // also one that was refused before and has not read the answer
}
