import { maxPayloadBytes, maxSubscriptions, maxTopicLength, parentTopic, type AssumptionId } from '@apsaramq/model'
import type { ExistingTopics } from './existing-topics.ts'
import type { Refusal } from './verdict.ts'

/** Whose packet it is. */
export interface Sender {
  instanceId: string
  clean: boolean
}

/** The parts of a PUBLISH, or of a will, that rules look at. */
export interface Publication {
  topic: string
  qos?: number | undefined
  payload?: string | Uint8Array | undefined
}

/** What a client asks for with one filter of a SUBSCRIBE. */
export interface SubscriptionRequest {
  topic: string
  qos: number
  /** Filters the client has already. */
  held: ReadonlySet<string>
}

/** A no that ends the connection, or one that only this subscription hears of (SUBACK 0x80). */
export interface SubscriptionRefusal extends Refusal {
  ends: boolean
}

/** The rules of topics, payloads, subscriptions and QoS. */
export interface AccessRules {
  publish(sender: Sender, publication: Publication): Refusal | undefined | Promise<Refusal | undefined>
  subscribe(
    sender: Sender,
    request: SubscriptionRequest,
  ): SubscriptionRefusal | undefined | Promise<SubscriptionRefusal | undefined>
}

/** Assumption behind the rule of QoS 2: documented is only that it is not supported. */
export const qosAssumption: AssumptionId = 'A-34'

/**
 * The rules of the Limits and Terms pages. Without `strict` only the topics that start with `$` are refused: those
 * belong to the broker.
 */
export function createAccessRules(topics: ExistingTopics, strict: boolean): AccessRules {
  // runs for every message: it makes no function and no object while all is well
  function withParent(instanceId: string, topic: string): Refusal | undefined | Promise<Refusal | undefined> {
    const parent = parentTopic(topic)
    const exists = topics.has(instanceId, parent)
    if (exists === true) return undefined
    if (exists === false) return noParent(instanceId, parent)
    return exists.then((found) => (found ? undefined : noParent(instanceId, parent)))
  }
  return {
    publish(sender, publication) {
      const reserved = reservedTopic(publication.topic)
      if (reserved || !strict) return reserved
      return publicationFault(sender, publication) ?? withParent(sender.instanceId, publication.topic)
    },
    subscribe(sender, request) {
      const reserved = reservedTopic(request.topic)
      if (reserved) return { ...reserved, ends: true }
      if (!strict) return undefined
      const fault = subscriptionFault(sender, request)
      if (fault) return fault
      const refusal = withParent(sender.instanceId, request.topic)
      // vendor: a subscription to an unknown topic ends the connection
      return refusal instanceof Promise ? refusal.then(ending) : ending(refusal)
    },
  }
}

function publicationFault({ clean }: Sender, { topic, qos, payload }: Publication): Refusal | undefined {
  const bytes = payload === undefined ? 0 : Buffer.byteLength(payload)
  if (bytes > maxPayloadBytes) {
    return {
      cause: 'payload-too-large',
      message: `a payload of ${bytes} bytes to ${topic}, ${maxPayloadBytes} are taken`,
    }
  }
  if (qos === 2 && !clean) {
    return { cause: 'qos-not-supported', message: `a publication of QoS 2 to ${topic} in a persistent session` } // LIMITS A-34
  }
  return lengthFault(topic)
}

function subscriptionFault(
  { clean }: Sender,
  { topic, qos, held }: SubscriptionRequest,
): SubscriptionRefusal | undefined {
  const length = lengthFault(topic)
  if (length) return { ...length, ends: true }
  if (qos === 2 && !clean) {
    const message = `a subscription of QoS 2 to ${topic} in a persistent session` // LIMITS A-34
    return { cause: 'qos-not-supported', message, ends: false }
  }
  if (held.has(topic) || held.size < maxSubscriptions) return undefined
  // vendor: subscriptions over the limit are not added
  return { cause: 'too-many-subscriptions', message: `${topic} would be subscription ${held.size + 1}`, ends: false }
}

/** `$SYS`, and `$share` too: the service has no shared subscriptions. */
function reservedTopic(topic: string): Refusal | undefined {
  return topic.startsWith('$') ? noTopic(`topic ${topic.slice(0, 80)} is reserved`) : undefined
}

function lengthFault(topic: string): Refusal | undefined {
  if (topic.length <= maxTopicLength) return undefined
  return noTopic(`topic ${topic.slice(0, 80)} has ${topic.length} characters, ${maxTopicLength} are taken`)
}

function noParent(instanceId: string, parent: string): Refusal {
  return noTopic(`parent topic ${parent} does not exist in instance ${instanceId}`)
}

function ending(refusal: Refusal | undefined): SubscriptionRefusal | undefined {
  return refusal && { ...refusal, ends: true }
}

function noTopic(message: string): Refusal {
  return { cause: 'topic-not-allowed', message }
}
