import { withinInstance } from '@apsaramq/model'
import type { Admitted, Connection } from './connection.ts'
import { createKeyedSets } from './keyed-sets.ts'

/** Every connection by what a change can name; a change touches the connections of its key and no other. */
export class SessionIndex {
  readonly #all = new Map<string, Connection>()
  readonly #byFingerprint = createKeyedSets<Connection>()
  readonly #byIssuer = createKeyedSets<Connection>()
  readonly #byDevice = createKeyedSets<Connection>()
  readonly #byCa = createKeyedSets<Connection>()
  readonly #byClient = createKeyedSets<Connection>()
  readonly #willsByDevice = createKeyedSets<Connection>()
  readonly #willsByCa = createKeyedSets<Connection>()

  /** Takes in a connection whose handshake is done. */
  add(connection: Connection): void {
    this.#all.set(connection.id, connection)
    this.#change('add', connection)
  }

  /**
   * Has a connection found by more issuers than that of its certificate.
   *
   * @returns whether it was not found by one of them before
   */
  follow(connection: Connection, issuers: readonly string[]): boolean {
    const { identity } = connection
    if (identity?.kind !== 'certificate' || !this.#all.has(connection.id)) return false
    const unknown = issuers.filter((issuer) => !identity.issuers.includes(issuer))
    identity.issuers.push(...unknown)
    for (const issuer of unknown) this.#byIssuer.add(issuer, connection)
    return unknown.length > 0
  }

  /** Moves a connection among the live ones, with what it has been admitted on. */
  admit(connection: Connection, admitted: Admitted): void {
    this.#change('delete', connection)
    connection.identity = undefined
    connection.admitted = admitted
    this.#change('add', connection)
  }

  remove(connection: Connection): void {
    this.#all.delete(connection.id)
    this.#change('delete', connection)
  }

  /** Not yet live, presenting this certificate. */
  waitingByFingerprint(fingerprint: string): Connection[] {
    return this.#byFingerprint.get(fingerprint)
  }

  /** Not yet live, presenting a certificate of this issuer, itself or through others. */
  waitingByIssuer(issuer: string): Connection[] {
    return this.#byIssuer.get(issuer)
  }

  liveByDevice(deviceKey: string): Connection[] {
    return this.#byDevice.get(deviceKey)
  }

  liveByCa(caId: string): Connection[] {
    return this.#byCa.get(caId)
  }

  liveByClient(instanceId: string, clientId: string): Connection[] {
    return this.#byClient.get(withinInstance(instanceId, clientId))
  }

  bySession(sessionId: string): Connection | undefined {
    return this.#all.get(sessionId)
  }

  /** Has a connection that has ended found as long as its will is on its way. */
  awaitWill(connection: Connection): void {
    this.#changeWill('add', connection)
  }

  /** Its will has been published, or never will be. */
  willSettled(connection: Connection): void {
    this.#changeWill('delete', connection)
  }

  /** Gone, but not their wills yet. */
  willsByDevice(deviceKey: string): Connection[] {
    return this.#willsByDevice.get(deviceKey)
  }

  willsByCa(caId: string): Connection[] {
    return this.#willsByCa.get(caId)
  }

  all(): Connection[] {
    return [...this.#all.values()]
  }

  #change(operation: 'add' | 'delete', connection: Connection): void {
    const { admitted, identity } = connection
    if (admitted) {
      if (admitted.deviceKey !== undefined) this.#byDevice[operation](admitted.deviceKey, connection)
      if (admitted.session.caId !== null) this.#byCa[operation](admitted.session.caId, connection)
      this.#byClient[operation](withinInstance(admitted.instanceId, admitted.session.clientId), connection)
    } else if (identity?.kind === 'certificate') {
      this.#byFingerprint[operation](identity.facts.fingerprint, connection)
      for (const issuer of identity.issuers) this.#byIssuer[operation](issuer, connection)
    }
  }

  #changeWill(operation: 'add' | 'delete', connection: Connection): void {
    const { deviceKey, session } = connection.admitted ?? {}
    if (deviceKey !== undefined) this.#willsByDevice[operation](deviceKey, connection)
    if (session?.caId != null) this.#willsByCa[operation](session.caId, connection)
  }
}
