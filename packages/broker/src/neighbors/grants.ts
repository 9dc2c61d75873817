import type { DeliveringClient, LiveSubscription, MessageProperties, OutgoingPacket } from './aedes-client.ts'
import { matches } from './topic-filter.ts'

type Subscriber = Pick<DeliveringClient, 'subscriptions' | 'version'>

/**
 * The highest QoS at which a client wants a topic, undefined where it has no subscription to it (a P2P message). aedes
 * looks only for a filter that is the topic itself, and sends QoS 2 to a subscriber of QoS 1 with a wildcard.
 * [MQTT-3.3.5-1], [MQTT-3.8.4-6]
 */
export function grantedQos(client: Subscriber, topic: string): number | undefined {
  let highest: number | undefined
  for (const filter in client.subscriptions) {
    const { qos } = client.subscriptions[filter]!
    if ((highest === undefined || qos > highest) && matches(filter, topic)) highest = qos
  }
  return highest
}

/** Whether a message of its own is for nobody: not where another filter of the client wants it back. [MQTT-3.8.3-3] */
export function isEcho(client: Pick<DeliveringClient, 'id' | 'subscriptions'>, packet: OutgoingPacket): boolean {
  const { nl, clientId, topic } = packet
  return nl === true && clientId === client.id && matching(client, topic).every((wanted) => wanted.nl)
}

/** What depends on the subscriber. */
export interface Dress {
  retain: boolean
  properties: MessageProperties | undefined
}

/**
 * Dresses a message for a subscriber: with every Subscription Identifier that matches [MQTT-3.3.4-4], and with the
 * retain flag only for one who asked for it [MQTT-3.3.1-12]. aedes does neither for a message that has waited.
 */
export function dress(client: Subscriber, packet: OutgoingPacket, properties: MessageProperties | undefined): Dress {
  const isRetained = packet.retain && !packet.brokerId // sent because of a new subscription [MQTT-3.3.1-8]
  if (client.version < 5) return { retain: isRetained, properties: undefined }
  const wanted = matching(client, packet.topic)
  const identifiers = wanted.flatMap(({ si }) => si ?? [])
  return {
    retain: isRetained || (packet.retain && wanted.some(({ rap }) => rap)),
    properties: identifiers.length > 0 ? { ...properties, subscriptionIdentifier: identifiers } : properties,
  }
}

function matching({ subscriptions }: Pick<Subscriber, 'subscriptions'>, topic: string): LiveSubscription[] {
  const found: LiveSubscription[] = []
  for (const filter in subscriptions) if (matches(filter, topic)) found.push(subscriptions[filter]!)
  return found
}
