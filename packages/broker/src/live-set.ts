import { deviceKey, type Session } from '@apsaramq/model'
import type { Grant } from './admission.ts'
import type { ArrivedConnect } from './connect-reader.ts'
import type { ConnectPacket } from './decode-connect.ts'
import type { Admitted, Connection } from './connection.ts'
import { factsOf } from './connection-facts.ts'
import type { Endings } from './endings.ts'
import { expiryOfPath } from './expiry-of-path.ts'
import type { SessionIndex } from './sessions.ts'
import type { BrokerOptions } from './settings.ts'

/** What joining the live set needs. */
export interface LiveSetDeps extends Pick<BrokerOptions, 'store' | 'clock' | 'log' | 'assume'> {
  index: SessionIndex
  endings: Endings
}

/** Makes a connection live, in one synchronous step: nothing can change between its last judgment and the index. */
export function joinLiveSet(deps: LiveSetDeps, connection: Connection, connect: ArrivedConnect, grant: Grant): void {
  const admitted = admittedOf(deps, connection, connect, grant)
  const { instanceId, clientId } = admitted.session
  // [MQTT-3.1.4-2]; aedes would do it too, but loses count when several come at once
  for (const older of deps.index.liveByClient(instanceId, clientId)) deps.endings.supersede(older)
  connection.stopWaiting()
  connection.stage = 'live'
  deps.index.admit(connection, admitted)
  deps.store.sessions.put(admitted.session)
  announce(deps, connection, connect, grant)
  grant.hub.handle(connection, connect)
}

function admittedOf(deps: LiveSetDeps, connection: Connection, { packet }: ArrivedConnect, grant: Grant): Admitted {
  const { verdict, instance } = grant
  const { link } = connection
  const session: Session = {
    id: connection.id,
    instanceId: instance.id,
    clientId: packet.clientId || `auto-${connection.id}`, // [MQTT-3.1.3-6]
    caId: verdict?.ca.id ?? null,
    caSn: verdict?.ca.sn ?? null,
    deviceSn: verdict?.device.sn ?? null,
    fingerprint: verdict?.device.fingerprint ?? null,
    protocol: protocolOf(packet.level),
    transport: link.transport,
    tlsVersion: link.tlsVersion,
    resumed: link.resumed,
    remoteAddress: link.remoteAddress,
    connectedAt: deps.clock.now(),
  }
  return {
    session,
    instanceId: session.instanceId,
    accountId: instance.accountId,
    deviceKey: verdict && deviceKey(verdict.ca.id, verdict.device.sn),
    expiry: verdict && expiryOfPath(verdict.device, verdict.ca, verdict.between),
    clean: endsWithConnection(packet),
  }
}

function protocolOf(level: number): Session['protocol'] {
  if (level === 5) return 'mqtt5'
  return level === 3 ? 'mqtt3.1' : 'mqtt3.1.1'
}

/** MQTT 5 says apart whether a session begins anew and how long it lasts (5.0 §3.1.2.11.2). */
function endsWithConnection({ level, clean, properties }: ConnectPacket): boolean {
  return level === 5 ? !properties?.sessionExpiryInterval : clean
}

function announce(deps: LiveSetDeps, connection: Connection, { packet }: ArrivedConnect, { verdict }: Grant): void {
  const { session } = connection.admitted! // set by the caller
  const facts = factsOf(connection)
  const by = verdict ? `with device certificate ${session.deviceSn}` : `as ${packet.username}`
  const message = `client ${session.clientId} connected ${by} (${networkOf(session)})`
  deps.log.write({ plane: 'mqtt', kind: 'connect', message, ...facts })
  if (packet.username === undefined) deps.assume('A-04', session.clientId)
  if (session.tlsVersion === 'TLSv1.3') deps.assume('A-16', session.clientId)
  if (session.protocol === 'mqtt3.1') deps.assume('A-35', session.clientId)
  if (session.protocol === 'mqtt5') deps.assume('A-80', session.clientId)
  if (!verdict) deps.assume('A-63', session.clientId)
  else if (session.transport === 'wss') deps.assume('A-64', session.clientId)
  if (verdict?.warning === undefined) return
  deps.log.write({ plane: 'mqtt', kind: 'warn', cause: 'ca-inactive', message: verdict.warning, ...facts })
  deps.assume('A-03', session.deviceSn ?? undefined)
}

/** "wss, TLSv1.3, resumed"; what every client has is not told. */
function networkOf({ transport, tlsVersion, resumed }: Session): string {
  const parts = [transport === 'mqtts' ? undefined : transport, tlsVersion, resumed ? 'resumed' : undefined]
  return parts.filter(Boolean).join(', ')
}
