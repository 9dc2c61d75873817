/** Longest topic of the service, in characters (Limits page). */
export const maxTopicLength = 64
/** Subscriptions of one client; a wildcard filter counts as one (Limits page). */
export const maxSubscriptions = 30
/** Longest payload, in bytes (Limits page: 64 KB). */
export const maxPayloadBytes = 64 * 1024
/** Largest packet the broker reads, in bytes (MQTT 5.0 overview: 128 KB). */
export const maxPacketBytes = 128 * 1024
/** Longest keep alive, in seconds (MQTT 5.0 overview: 8 minutes). */
export const maxKeepAliveSeconds = 480

/** The first level of a topic or filter, which must exist in the instance (Terms page: parent topic). */
export function parentTopic(topicOrFilter: string): string {
  const at = topicOrFilter.indexOf('/')
  return at < 0 ? topicOrFilter : topicOrFilter.slice(0, at)
}
