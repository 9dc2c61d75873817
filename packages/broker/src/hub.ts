import type { Client } from 'aedes'
import type { LogEntryInput } from '@apsaramq/model'
import type { AccessRules } from './acl.ts'
import { onBrokerError, type AedesBroker, type AedesClient, type PersistedSubscription } from './aedes-inside.ts'
import { completeConnack, type Terms } from './answers/connack-terms.ts'
import type { ArrivedConnect } from './connect-reader.ts'
import type { Connection } from './connection.ts'
import { openDoor, type DoorDeps } from './door.ts'
import { factsOf } from './connection-facts.ts'
import type { Endings } from './endings.ts'
import { createHooks, type Guest, type HookDeps } from './hooks.ts'
import { boundKept, type KeptBounds } from './kept-bounds.ts'
import { createNeighbors } from './neighbors/neighbors.ts'
import type { BrokerOptions } from './settings.ts'
import { drainTimeoutMs, startAedes, withSafeMaps } from './start-aedes.ts'
import type { Refusal } from './verdict.ts'

/** The broker of one instance: client ids, topics and messages of another are not seen here. */
export interface Hub {
  /** Hands over an admitted connection, from its CONNECT on. */
  handle(connection: Connection, connect: ArrivedConnect): void
  /** Forgets the persistent session of a client that is not connected. */
  forget(clientId: string): Promise<void>
  /** Ends its clients and forgets what it held. */
  close(): Promise<void>
}

/** What a hub needs. */
export interface HubDeps extends Pick<BrokerOptions, 'clock' | 'log' | 'assume' | 'settings'> {
  rules: AccessRules
  endings: Endings
  wills: HookDeps['wills']
}

/** Starts the broker of one instance, aedes with the persistence in memory. */
export async function createHub(deps: HubDeps): Promise<Hub> {
  const guests = new WeakMap<Client, Guest>()
  const granted = new WeakSet<object>()
  const end = ({ connection }: Guest, refusal: Refusal) => deps.endings.drop([connection], refusal, 'published')
  const hooks = createHooks({
    rules: deps.rules,
    assume: deps.assume,
    strict: deps.settings.strict,
    guestOf: (client) => guests.get(client),
    granted,
    wills: deps.wills,
    end,
    warn: ({ connection }, refusal) => warn(deps, refusal, factsOf(connection)),
  })
  const neighbors = createNeighbors(deps)
  const aedes = await startAedes(hooks, neighbors.persistence, (client) => {
    const guest = guests.get(client)
    if (guest) end(guest, receiveMaximumExceeded)
  })
  neighbors.follow(aedes)
  persistGrantedOnly(aedes, granted)
  listen(aedes, guests, deps, end)
  const kept = boundKept(aedes, { ...deps, filtersOf: (client) => guests.get(client)?.filters?.size ?? 0 })
  const door = doorOf(deps)
  return {
    handle(connection, connect) {
      const client = welcome(deps, { aedes, kept }, connection, connect)
      guests.set(client, { connection, filters: undefined })
      neighbors.attach(client, connection)
      openDoor(door, connection, client, connect)
    },
    forget: (clientId) => kept.forget(clientId),
    async close() {
      await new Promise<void>((resolve) => aedes.close(resolve))
      neighbors.close()
      kept.close()
    },
  }
}

function welcome(
  deps: HubDeps,
  { aedes, kept }: { aedes: AedesBroker; kept: KeptBounds },
  connection: Connection,
  connect: ArrivedConnect,
): AedesClient {
  const { clean, level } = connect.packet
  const { session, clean: endsWithConnection } = connection.admitted! // a connection is admitted before
  if (clean) forgetInbound(aedes, { id: session.clientId })
  const isSessionPresent = !clean && kept.has(session.clientId)
  completeConnack(connection.stream, level, { terms: termsOf(deps, connection, connect), isSessionPresent })
  const client = withSafeMaps(aedes.handle(connection.stream) as AedesClient)
  kept.arrived(session.clientId, client, !endsWithConnection)
  return client
}

function doorOf(deps: HubDeps): DoorDeps {
  return {
    maxPacketBytes: deps.settings.maxPacketBytes,
    onViolation: (connection, { cause, message, reasonCode, assumption }) => {
      if (assumption) deps.assume(assumption, connection.clientId)
      deps.endings.drop([connection], { cause, message, reasonCode }, 'published')
    },
  }
}

const receiveMaximumExceeded: Refusal = {
  cause: 'protocol-error',
  message: 'more publications of QoS 2 wait for PUBREL than the client was told it may have',
  reasonCode: 0x93,
}

/** What MQTT 5 clients are told that aedes does not say by itself: the service has no retained messages. */
function termsOf({ settings }: HubDeps, { admitted }: Connection, { packet }: ArrivedConnect): Terms {
  const { clientId } = admitted!.session // a connection is admitted before it is handed over
  return {
    retainAvailable: false,
    wildcardSubscriptionAvailable: true,
    subscriptionIdentifiersAvailable: true,
    maximumPacketSize: settings.maxPacketBytes,
    ...(packet.clientId === '' && { assignedClientIdentifier: clientId }),
  }
}

/** A session that begins anew has received nothing: else a new message passes for one that was seen before. */
function forgetInbound(aedes: AedesBroker, client: { id: string }): void {
  aedes.persistence.cleanIncoming(client).catch((error) => aedes.emit('error', error))
}

/** aedes persists every filter of a SUBSCRIBE as soon as one of them is granted. */
function persistGrantedOnly({ persistence }: AedesBroker, granted: WeakSet<object>): void {
  const addAll = persistence.addSubscriptions.bind(persistence)
  persistence.addSubscriptions = (client: Client, subscriptions: PersistedSubscription[]) =>
    addAll(
      client,
      subscriptions.filter((subscription) => granted.has(subscription)),
    )
}

function listen(
  aedes: AedesBroker,
  guests: WeakMap<Client, Guest>,
  deps: HubDeps,
  end: (guest: Guest, refusal: Refusal) => void,
): void {
  aedes.on('client', (client) => {
    // aedes registers a client that was closed while it was being connected, and would keep it for ever
    if (!client.closed) return
    aedes.unregisterClient(client)
    aedes.scheduleSessionExpiry(client)
  })
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of filters) guests.get(client)?.filters?.delete(filter)
  })
  aedes.on('clientDisconnect', (client) => {
    if (client.clean) forgetInbound(aedes, client)
    const guest = guests.get(client)
    if (guest && !guest.isWillAsked) deps.wills.willSettled(guest.connection)
  })
  aedes.on('sessionExpired', (client) => forgetInbound(aedes, client))
  aedes.on('keepaliveTimeout', (client) => onError(client, new Error('keep alive timeout')))
  const onError = (client: Client, error: Error) => {
    const guest = guests.get(client)
    const ending = endingOf(error)
    if (guest && ending && !guest.connection.ending) end(guest, ending)
  }
  aedes.on('clientError', onError)
  aedes.on('connectionError', onError)
  onBrokerError(aedes, ({ message }) => warn(deps, { cause: 'internal-error', message: `aedes: ${message}` }))
}

/** What an error of aedes means; undefined where it is the network's, which is an end like any other. */
function endingOf(error: Error & { code?: unknown }): Refusal | undefined {
  if (error.message === 'keep alive timeout') {
    return { cause: 'keep-alive-expired', message: 'nothing was heard for one and a half times the keep alive' } // [MQTT-3.1.2-24]
  }
  if (/topic alias/.test(error.message)) return { cause: 'protocol-error', message: error.message, reasonCode: 0x94 }
  if (error.message === 'drain timeout') {
    return { cause: 'slow-consumer', message: `the client took nothing for ${drainTimeoutMs} ms while messages waited` }
  }
  return error.code === undefined ? { cause: 'protocol-error', message: error.message } : undefined
}

function warn({ log }: HubDeps, refusal: Refusal, facts?: Partial<LogEntryInput>): void {
  log.write({ plane: 'mqtt', kind: 'warn', ...refusal, ...facts })
}
