import { Aedes, type Client } from 'aedes'
import type { LogEntryInput } from '@apsaramq/model'
import type { AccessRules } from './acl.ts'
import { onBrokerError, type AedesBroker, type AedesClient, type PersistedSubscription } from './aedes-inside.ts'
import type { ArrivedConnect } from './connect-reader.ts'
import type { Connection } from './connection.ts'
import { openDoor, type DoorDeps } from './door.ts'
import { factsOf } from './connection-facts.ts'
import type { Endings } from './endings.ts'
import { createHooks, type Guest } from './hooks.ts'
import type { BrokerOptions } from './settings.ts'
import type { Refusal } from './verdict.ts'

/** The broker of one instance: client ids, topics and messages of another are not seen here. */
export interface Hub {
  /** Hands over an admitted connection, from its CONNECT on. */
  handle(connection: Connection, connect: ArrivedConnect): void
  /** Ends its clients and forgets what it held. */
  close(): Promise<void>
}

/** What a hub needs. */
export interface HubDeps extends Pick<BrokerOptions, 'log' | 'settings'> {
  rules: AccessRules
  endings: Endings
}

/** A subscriber that takes nothing for this long is cut: until then others may wait for it. */
const drainTimeoutMs = 2000
/** MQTT 3.1 says 23, the service 64: which one binds is decided at admission. */
const maxClientIdLength = 65535

/** Starts the broker of one instance, aedes with the persistence in memory. */
export async function createHub(deps: HubDeps): Promise<Hub> {
  const guests = new WeakMap<Client, Guest>()
  const end = ({ connection }: Guest, refusal: Refusal) => deps.endings.drop([connection], refusal, 'published')
  const hooks = createHooks({
    rules: deps.rules,
    strict: deps.settings.strict,
    guestOf: (client) => guests.get(client),
    end,
    warn: ({ connection }, refusal) => warn(deps, refusal, factsOf(connection)),
  })
  const options = { drainTimeout: drainTimeoutMs, maxClientsIdLength: maxClientIdLength, ...hooks }
  const aedes = (await Aedes.createBroker(options)) as AedesBroker
  persistGrantedOnly(aedes, guests)
  listen(aedes, guests, deps, end)
  const door: DoorDeps = {
    maxPacketBytes: deps.settings.maxPacketBytes,
    onViolation: (connection, violation) => deps.endings.drop([connection], violation, 'published'),
  }
  return {
    handle(connection, connect) {
      const client = aedes.handle(connection.stream) as AedesClient
      guests.set(client, { connection, filters: undefined })
      openDoor(door, connection, client, connect)
    },
    close: () => new Promise((resolve) => aedes.close(resolve)),
  }
}

/** aedes persists every filter of a SUBSCRIBE as soon as one of them is granted. */
function persistGrantedOnly({ persistence }: AedesBroker, guests: WeakMap<Client, Guest>): void {
  const addAll = persistence.addSubscriptions.bind(persistence)
  persistence.addSubscriptions = (client: Client, subscriptions: PersistedSubscription[]) =>
    addAll(
      client,
      subscriptions.filter(({ topic }) => guests.get(client)?.filters?.has(topic)),
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
    if (client.closed) aedes.unregisterClient(client)
  })
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of filters) guests.get(client)?.filters?.delete(filter)
  })
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
  if (error.message === 'drain timeout') {
    return { cause: 'slow-consumer', message: `the client took nothing for ${drainTimeoutMs} ms while messages waited` }
  }
  return error.code === undefined ? { cause: 'protocol-error', message: error.message } : undefined
}

function warn({ log }: HubDeps, refusal: Refusal, facts?: Partial<LogEntryInput>): void {
  log.write({ plane: 'mqtt', kind: 'warn', ...refusal, ...facts })
}
