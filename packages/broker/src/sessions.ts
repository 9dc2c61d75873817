import { withinInstance } from '@apsaramq/model'
import type { Admitted, Connection } from './connection.ts'
import { createKeyedSets } from './keyed-sets.ts'

/** Every connection by what a change can name; a change touches the connections of its key and no other. */
export interface SessionIndex {
  /** Takes in a connection whose handshake is done. */
  add(connection: Connection): void
  /** Moves a connection among the live ones. */
  admit(connection: Connection, admitted: Admitted): void
  remove(connection: Connection): void
  /** Not yet live, presenting this certificate. */
  waitingByFingerprint(fingerprint: string): Connection[]
  /** Not yet live, presenting a certificate of this issuer. */
  waitingByIssuer(issuer: string): Connection[]
  liveByDevice(deviceKey: string): Connection[]
  liveByCa(caId: string): Connection[]
  liveByClient(instanceId: string, clientId: string): Connection[]
  bySession(sessionId: string): Connection | undefined
  all(): Connection[]
}

/** An empty index. */
export function createSessionIndex(): SessionIndex {
  const all = new Map<string, Connection>()
  const byFingerprint = createKeyedSets<Connection>()
  const byIssuer = createKeyedSets<Connection>()
  const byDevice = createKeyedSets<Connection>()
  const byCa = createKeyedSets<Connection>()
  const byClient = createKeyedSets<Connection>()

  function forWaiting(operation: 'add' | 'delete', connection: Connection): void {
    if (connection.identity.kind !== 'certificate') return
    byFingerprint[operation](connection.identity.facts.fingerprint, connection)
    byIssuer[operation](connection.identity.facts.issuer, connection)
  }
  function forLive(operation: 'add' | 'delete', connection: Connection, admitted: Admitted): void {
    byDevice[operation](admitted.deviceKey, connection)
    byCa[operation](admitted.session.caId!, connection) // never null behind mutual TLS
    byClient[operation](withinInstance(admitted.session.instanceId, admitted.session.clientId), connection)
  }
  return {
    add(connection) {
      all.set(connection.id, connection)
      forWaiting('add', connection)
    },
    admit(connection, admitted) {
      forWaiting('delete', connection)
      forLive('add', connection, admitted)
    },
    remove(connection) {
      all.delete(connection.id)
      if (connection.admitted) forLive('delete', connection, connection.admitted)
      else forWaiting('delete', connection)
    },
    waitingByFingerprint: byFingerprint.get,
    waitingByIssuer: byIssuer.get,
    liveByDevice: byDevice.get,
    liveByCa: byCa.get,
    liveByClient: (instanceId, clientId) => byClient.get(withinInstance(instanceId, clientId)),
    bySession: (sessionId) => all.get(sessionId),
    all: () => [...all.values()],
  }
}
