import type { Session } from '@apsaramq/model'
import { instanceId, type World } from './world.ts'

/** Makes a client live, as the broker would. */
export function connect(world: World, clientId: string, inInstance = instanceId): Session {
  const session: Session = {
    id: `session-${world.store.sessions.count() + 1}`,
    instanceId: inInstance,
    clientId,
    caId: 'ca-1',
    caSn: '0b',
    deviceSn: '0a',
    fingerprint: 'f',
    protocol: 'mqtt3.1.1',
    transport: 'mqtts',
    tlsVersion: 'TLSv1.3',
    resumed: false,
    remoteAddress: '127.0.0.1',
    connectedAt: world.clock.now(),
  }
  world.store.sessions.put(session)
  return session
}
