import type { LogEntryInput, LogKind } from '@apsaramq/model'
import { clientOf, suppressWill } from './aedes-inside.ts'
import type { Connection } from './connection.ts'
import { factsOf } from './connection-facts.ts'
import { refusingConnack } from './answers/last-words.ts'
import { answerAndClose, hangUp, inSlices } from './cutting.ts'
import type { SessionIndex } from './sessions.ts'
import type { BrokerOptions } from './settings.ts'
import type { Refusal } from './verdict.ts'

/** What ending connections needs. */
export type EndingsDeps = Pick<BrokerOptions, 'store' | 'clock' | 'log' | 'assume' | 'settings'>

/** Why connections end: all for one reason, or each for its own. */
export type Ending = Refusal | ((connection: Connection) => Refusal)

/** Whether others get their turns between the ends of many. */
export type Pace = 'at-once' | 'in-slices'

/** Every way in which a connection ends, each logged once with its cause. */
export class Endings {
  readonly #deps: EndingsDeps
  readonly #index: SessionIndex

  constructor(deps: EndingsDeps, index: SessionIndex) {
    this.#deps = deps
    this.#index = index
  }

  /**
   * Ends a connection that has not been admitted. LIMITS A-02
   *
   * @param answer the CONNACK that must be sent whatever the setting says
   */
  refuse(connection: Connection, refusal: Refusal, answer?: Uint8Array): void {
    if (connection.stage === 'ended') return
    const asked = connection.stage === 'judging' && this.#deps.settings.rejectAt === 'connack'
    const connack = answer ?? (asked ? refusingConnack(refusal, connection) : undefined)
    this.#leave(connection, 'refuse', refusal)
    if (connack) return answerAndClose(connection, connack)
    this.#deps.assume('A-02', connection.clientId ?? connection.link.remoteAddress)
    connection.link.cut()
  }

  /**
   * Ends live connections by force. When it returns nothing more of any of them is accepted and their sessions are
   * gone. Their sockets have been ended and their lines logged, too; in slices, those of the first 50, and the others
   * follow while others get their turns.
   *
   * @param will whether wills are published, as after any lost connection, or not. LIMITS A-15
   */
  drop(
    connections: readonly Connection[],
    ending: Ending,
    will: 'published' | 'suppressed',
    pace: Pace = 'at-once',
  ): void {
    const { assume, clock } = this.#deps
    const dropped = connections.filter(({ stage }) => stage === 'live')
    for (const connection of dropped) {
      const clientId = connection.admitted?.session.clientId
      if (will === 'suppressed' && suppressWill(connection.stream)) assume('A-15', clientId)
      if (connection.level === 5) assume('A-82', clientId)
      this.#stop(connection, typeof ending === 'function' ? ending(connection) : ending)
    }
    const end = (connection: Connection) => {
      this.#write(connection, 'drop', connection.ending!) // just set
      hangUp(connection, clock)
    }
    if (pace === 'in-slices') inSlices(dropped, end)
    else for (const connection of dropped) end(connection)
  }

  /** Ends live connections that the emulator itself has decided to end; the setting says what becomes of their wills. */
  dropByForce(connections: readonly Connection[], ending: Ending, pace?: Pace): void {
    if (this.#deps.settings.willOnDrop === 'suppress') return this.drop(connections, ending, 'suppressed', pace)
    for (const { stream, admitted } of connections) {
      if (clientOf(stream)?.will) this.#deps.assume('A-15', admitted?.session.clientId)
    }
    this.drop(connections, ending, 'published', pace)
  }

  /** Takes back the wills of connections that have ended before, as far as they have not been published. */
  recallWills(connections: readonly Connection[], ending: Refusal): void {
    if (this.#deps.settings.willOnDrop === 'publish') return
    for (const connection of connections) {
      connection.ending = ending
      suppressWill(connection.stream)
      this.#index.willSettled(connection)
      const message = `the will of the client that has gone is not published: ${ending.message}`
      this.#deps.log.write({ plane: 'mqtt', kind: 'warn', ...ending, message, ...factsOf(connection) })
      this.#deps.assume('A-15', connection.admitted?.session.clientId)
    }
  }

  /** Ends connections of any stage, without wills. */
  endAll(connections: readonly Connection[], ending: Refusal): void {
    const waiting = connections.filter(({ stage }) => stage !== 'live')
    this.drop(connections, ending, 'suppressed', 'in-slices')
    for (const connection of waiting) {
      this.#leave(connection, 'refuse', ending)
      connection.link.cut()
    }
  }

  /** Makes way for a newer connection of the same client id. LIMITS A-26 */
  supersede(connection: Connection): void {
    const clientId = connection.admitted?.session.clientId
    const message = `another connection came as ${clientId}`
    this.#leave(connection, 'disconnect', { cause: 'session-taken-over', message })
    this.#deps.assume('A-26', clientId)
    hangUp(connection, this.#deps.clock)
  }

  /** Tidies up after a socket that has closed, for whatever reason. */
  closed(connection: Connection): void {
    connection.stopWaiting()
    if (connection.stage === 'ended') return
    this.#leave(connection, 'disconnect', howItLeft(connection))
  }

  /** Logs a handshake that came to nothing. */
  handshakeFailed({ message }: Error, remoteAddress: string): void {
    const text = `TLS handshake: ${message}`
    this.#deps.log.write({ plane: 'mqtt', kind: 'refuse', cause: 'tls-failed', message: text, remoteAddress })
  }

  #leave(connection: Connection, kind: LogKind, ending: Refusal | Leaving): void {
    this.#write(connection, kind, ending)
    this.#stop(connection, ending)
  }

  #write(connection: Connection, kind: LogKind, ending: Refusal | Leaving): void {
    this.#deps.log.write({ plane: 'mqtt', kind, ...ending, ...factsOf(connection) })
  }

  /** From here on nothing of the connection is accepted. */
  #stop(connection: Connection, ending: Refusal | Leaving): void {
    connection.stage = 'ended'
    if ('cause' in ending) connection.ending = ending
    this.#index.remove(connection)
    if (!connection.admitted) return
    if (leavesWill(connection)) this.#index.awaitWill(connection)
    this.#deps.store.sessions.delete(connection.id)
  }
}

function leavesWill({ stream }: Connection): boolean {
  const client = clientOf(stream)
  return client !== undefined && !client._disconnected && Boolean(client.will)
}

type Leaving = Pick<LogEntryInput, 'message' | 'byDisconnect'>

function howItLeft({ stage, stream }: Connection): Leaving {
  if (stage !== 'live') return { message: 'the client closed the connection before it was admitted' }
  if (clientOf(stream)?._disconnected) return { message: 'the client sent DISCONNECT', byDisconnect: true }
  return { message: 'the connection closed without DISCONNECT' }
}
