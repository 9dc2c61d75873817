import type { IncomingMessage } from 'node:http'
import { instanceOfServerName } from './named-instance.ts'

/** Why an HTTP request does not open MQTT over WebSocket, as the answer says it. */
export interface UpgradeRefusal {
  status: number
  message: string
  headers?: Readonly<Record<string, string>>
}

/** The subprotocols of MQTT over WebSocket, the standard's and, behind it, what Paho asks for when it speaks 3.1. */
const subprotocols = ['mqtt', 'mqttv3.1'] as const

/** vendor: the demos leave it to Paho, which asks for /mqtt. LIMITS A-62 */
const paths = ['/mqtt', '/']

/** Chooses what both sides speak. [MQTT-6.0.0-4] */
export function chosenSubprotocol(offered: ReadonlySet<string>): string | false {
  return subprotocols.find((protocol) => offered.has(protocol)) ?? false
}

/** Looks at a request that asks for an upgrade; what RFC 6455 asks of it, ws looks at. */
export function upgradeRefusal({ url = '', headers }: IncomingMessage): UpgradeRefusal | undefined {
  const [path = ''] = url.split('?', 1)
  if (!paths.includes(path)) return { status: 404, message: `MQTT over WebSocket is at ${paths.join(' and ')}` }
  const offered = new Set((headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim()))
  if (chosenSubprotocol(offered)) return undefined
  return { status: 400, message: 'the subprotocol mqtt is not offered in Sec-WebSocket-Protocol' } // [MQTT-6.0.0-3]
}

/** A request that asks for no upgrade. */
export const upgradeRequired: UpgradeRefusal = {
  status: 426,
  message: 'this port speaks MQTT over WebSocket, subprotocol mqtt',
  headers: { Upgrade: 'websocket' },
}

/** Bytes that are no HTTP request, or too many of them. */
export function unreadable({ code }: Error & { code?: string }): UpgradeRefusal {
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431, message: 'the head of the request is larger than 16 KiB' }
  return { status: 400, message: 'this is no HTTP request' }
}

/** The vendor's name of an instance in the Host header, without its port; undefined where it names none. */
export function requestedHostOf({ headers: { host } }: IncomingMessage): string | undefined {
  const name = host?.replace(/:\d*$/, '')
  return instanceOfServerName(name) === undefined ? undefined : name
}
