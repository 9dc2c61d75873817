import { createHub, type Hub, type HubDeps } from './hub.ts'

/** The brokers of the instances, each started at its first client. */
export interface Hubs {
  of(instanceId: string): Promise<Hub>
  /** Forgets the persistent session of a client that is not connected. */
  forget(instanceId: string, clientId: string): Promise<void>
  /** Closes them all; the next client starts a new one. */
  close(): Promise<void>
}

/** No broker yet. */
export function createHubs(deps: HubDeps): Hubs {
  const hubs = new Map<string, Promise<Hub>>()
  return {
    of(instanceId) {
      const hub = hubs.get(instanceId) ?? createHub(deps)
      hubs.set(instanceId, hub)
      return hub
    },
    forget: async (instanceId, clientId) => (await hubs.get(instanceId))?.forget(clientId),
    async close() {
      const closing = [...hubs.values()]
      hubs.clear()
      await Promise.all(closing.map(async (hub) => (await hub).close()))
    },
  }
}
