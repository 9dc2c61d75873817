import { Aedes, type AedesOptions, type Client } from 'aedes'
import type { AedesBroker, AedesClient } from './aedes-inside.ts'
import { receiveMaximum, sessionExpiryOf, topicAliasMaximum } from './answers/terms.ts'
import type { Hooks } from './hooks.ts'
import { boundInbound } from './inbound-window.ts'
import { maxKept } from './kept-sessions.ts'
import type { Persistence } from './neighbors/aedes-client.ts'

/** A subscriber that takes nothing for this long is cut: until then others may wait for it. */
export const drainTimeoutMs = 2000

/** MQTT 3.1 says 23, the service 64: which one binds is decided at admission. */
const maxClientIdLength = 65_535

/**
 * Starts aedes 2.0.0-beta.1 with the repairs of its stable line that it lacks
 * (GHSA-52qw-whmv-87c5, GHSA-5jvp-3p2v-5qgf).
 *
 * @param exceeded ends a connection that leaves too many publications of QoS 2 open
 */
export async function startAedes(
  hooks: Hooks,
  persistence: Persistence,
  exceeded: (client: Client) => void,
): Promise<AedesBroker> {
  boundInbound(persistence, receiveMaximum, exceeded)
  const options: AedesOptions = {
    ...hooks,
    persistence,
    drainTimeout: drainTimeoutMs,
    maxClientsIdLength: maxClientIdLength,
    topicAliasMaximum,
    receiveMaximum,
    pendingSessionsLimit: maxKept + 1, // the oldest is forgotten before
  }
  const aedes = (await Aedes.createBroker(options)) as AedesBroker
  aedes.clampSessionExpiry = sessionExpiryOf
  clearInterval(aedes._clearWillInterval) // a clock that jumps makes it publish the wills of clients that are connected
  keepNewsToItself(aedes)
  return Object.assign(aedes, withoutPrototypes('clients', 'brokers'))
}

/** News of clients and subscriptions, which brokers of a cluster publish for each other; its heartbeat is another matter. */
const newsOfClients = /^\$SYS\/.*\/(clients|subscribes|unsubscribes)$/

/** One broker has nobody to tell: telling would be a twentieth of what a connection costs. */
function keepNewsToItself(aedes: AedesBroker): void {
  const inside = aedes as unknown as Publishing
  const publish = inside.publish.bind(aedes)
  inside.publish = (packet, client, done) => {
    if (!packet.topic.startsWith('$') || !newsOfClients.test(packet.topic)) publish(packet, client, done)
  }
}

/** What its types have as two methods. */
interface Publishing {
  /** Without a client its place is that of `done`. */
  publish(packet: { topic: string }, client: unknown, done: unknown): void
}

/** Makes the maps of a client safe that are keyed by what comes over the wire. */
export function withSafeMaps(client: AedesClient): AedesClient {
  return Object.assign(client, withoutPrototypes('subscriptions', 'duplicates'))
}

/** A name such as `constructor` must not be found in an empty map. */
function withoutPrototypes(...names: string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, Object.create(null) as object]))
}
