import type { Client } from 'aedes'
import type { Persistence } from './aedes-inside.ts'

/**
 * Bounds how many publications of QoS 2 a client leaves without PUBREL: each is kept until then.
 *
 * @param limit what MQTT 5 clients are told as Receive Maximum, and 3.1.1 has no word for
 * @param exceeded ends the connection that goes on; called before the packet is refused
 */
export function boundInbound(persistence: Persistence, limit: number, exceeded: (client: Client) => void): void {
  const waiting = new Map<string, Set<number>>()
  const store = persistence.incomingStorePacket.bind(persistence)
  const del = persistence.incomingDelPacket.bind(persistence)
  const clean = persistence.cleanIncoming.bind(persistence)
  persistence.incomingStorePacket = (client, packet) => {
    const ids = waiting.get(client.id) ?? new Set()
    if (ids.size >= limit) {
      exceeded(client)
      return Promise.reject(new Error(`more than ${limit} publications of QoS 2 wait for PUBREL`))
    }
    waiting.set(client.id, ids.add(packet.messageId!)) // one of QoS 2 has an identifier
    return store(client, { messageId: packet.messageId! }) // a payload would wait with it, and nobody asks for that
  }
  persistence.incomingDelPacket = (client, packet) => {
    const ids = waiting.get(client.id)
    if (ids?.delete(packet.messageId!) && ids.size === 0) waiting.delete(client.id)
    return del(client, packet)
  }
  persistence.cleanIncoming = (client) => {
    waiting.delete(client.id)
    return clean(client)
  }
}
