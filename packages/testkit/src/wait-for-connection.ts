import type { MqttClient } from 'mqtt'
import { watchConnection, type Connection, type ConnectionWatch } from './connection-watch.ts'
import { waitWithin, type WaitOptions } from './deadline.ts'
import { managementClient } from './management-client.ts'

type State<S extends Connection['state']> = Extract<Connection, { state: S }>

/**
 * Resolves once the client is connected, at once where it is; refusals on the way do not matter.
 *
 * @throws {DeadlineError} naming what was seen instead and, where the emulator is known, its explanation
 */
export function waitForConnect(client: MqttClient, options: WaitOptions = {}): Promise<State<'connected'>> {
  return waitForState(client, options, { wanted: ['connected'], whatFor: 'to be connected' })
}

/**
 * Resolves once the client has lost the connection it had, at once where it has none.
 *
 * @throws {DeadlineError} naming what was seen instead
 */
export function waitForDisconnect(client: MqttClient, options: WaitOptions = {}): Promise<Connection> {
  const wanted = ['lost', 'refused', 'unreachable', 'ended'] as const
  return waitForState(client, options, { wanted, whatFor: 'to lose its connection' })
}

/** How {@link waitForRefusal} waits. */
export interface RefusalOptions extends WaitOptions {
  /** True to wait for an attempt that ends after this call, although an earlier one was refused already. */
  next?: boolean
}

/**
 * Resolves once an attempt of the client to connect was refused by a broker that was there: cut, or answered by a
 * refusing CONNACK.
 *
 * @throws {Error} when the client is accepted instead
 * @throws {DeadlineError} naming what was seen instead
 */
export function waitForRefusal(client: MqttClient, options: RefusalOptions = {}): Promise<State<'refused'>> {
  return waitForState(client, options, {
    wanted: ['refused'],
    unwanted: ['connected'],
    whatFor: 'to be refused',
    ...(options.next ? { next: true } : {}),
  })
}

interface Expectation<S extends Connection['state']> {
  wanted: readonly S[]
  unwanted?: readonly Connection['state'][]
  whatFor: string
  next?: boolean
}

function waitForState<S extends Connection['state']>(
  client: MqttClient,
  options: WaitOptions,
  { wanted, unwanted = [], whatFor, next = false }: Expectation<S>,
): Promise<State<S>> {
  const watch = watchConnection(client, options.clock)
  const name = client.options.clientId ?? 'the client'
  const isWanted = (connection: Connection): connection is State<S> =>
    (wanted as readonly string[]).includes(connection.state)
  return waitWithin<State<S>>(
    options,
    ({ resolve, reject }) => {
      const look = (connection: Connection) => {
        if (isWanted(connection)) resolve(connection)
        else if (unwanted.includes(connection.state))
          reject(new Error(`${name} was expected ${whatFor} and is ${connection.state}`))
      }
      if (!next) look(watch.current())
      return watch.onChange(look)
    },
    (withinMs) => whatInstead({ name, whatFor, withinMs, watch }),
  )
}

interface Story {
  name: string
  whatFor: string
  withinMs: number
  watch: ConnectionWatch
}

async function whatInstead({ name, whatFor, withinMs, watch }: Story): Promise<string> {
  const seen = watch.seen().join(', ') || 'nothing'
  const text = `waited ${withinMs} ms for ${name} ${whatFor}; it is ${watch.current().state}; seen: ${seen}`
  return watch.management ? `${text}; the emulator says: ${await explanation(watch.management, name)}` : text
}

async function explanation(management: string, clientId: string): Promise<string> {
  try {
    return JSON.stringify(await managementClient(management).explain({ clientId })).slice(0, 2_000)
  } catch (error) {
    return `nothing (${error instanceof Error ? error.message : String(error)})`
  }
}
