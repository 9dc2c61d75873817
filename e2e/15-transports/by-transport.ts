import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, type MqttClient } from 'mqtt'
import type { Endpoints } from '@apsaramq/testkit'
import type { Device } from '../support/certificates.ts'
import type { LiveClient } from '../support/live-client.ts'
import { startPaho } from '../support/live-paho.ts'

/** Keys of the endpoints file that are URLs of the broker. */
export type TransportKey = 'mqtts' | 'wss' | 'mqtt' | 'ws'

/** Who a client is: by its certificate, by username and password, or both. */
export interface Guest {
  clientId: string
  device?: Device
  username?: string
  password?: string
}

/** The URL of a transport. @throws where it is off */
export function urlOf(endpoints: Endpoints, transport: TransportKey): string {
  const url = endpoints[transport]
  if (url === undefined) throw new Error(`the endpoints file has no ${transport}`)
  return url
}

/** A guest of an instance of one-way TLS, with the account's own key. */
export function guestOf({ accessKeyId, accessKeySecret }: Endpoints, instanceId: string, clientId: string): Guest {
  const password = createHmac('sha1', accessKeySecret).update(clientId).digest('base64')
  return { clientId, username: `Signature|${accessKeyId}|${instanceId}`, password }
}

/** The instance of one-way TLS of a program. */
export function oneWayInstance({ instances }: Endpoints): string {
  const found = instances.find(({ tls }) => tls === 'one-way')
  if (!found) throw new Error(`no instance of one-way TLS among ${JSON.stringify(instances)}`)
  return found.instanceId
}

/** mqtt.js by a transport; it goes on trying every 200 ms. */
export function mqttJs(endpoints: Endpoints, transport: TransportKey, { device, ...guest }: Guest): MqttClient {
  const isSecure = transport === 'mqtts' || transport === 'wss'
  return connect(urlOf(endpoints, transport), {
    ...guest,
    ...(isSecure && { ca: readFileSync(endpoints.caFile) }),
    ...(device && { key: device.key, cert: device.chain }),
    reconnectPeriod: 200,
  })
}

/** Resolves when mqtt.js next says so. */
export function happened(client: MqttClient, event: 'connect' | 'close'): Promise<void> {
  return new Promise((resolve) => void client.once(event, () => resolve()))
}

/** Resolves with the payload of the next message. */
export function messageTo(client: MqttClient): Promise<string> {
  return new Promise((resolve) => void client.once('message', (_topic, payload) => resolve(payload.toString())))
}

/** Paho Python by a transport. */
export function paho(endpoints: Endpoints, transport: TransportKey, guest: Guest, filter: string): LiveClient {
  const { hostname, port } = new URL(urlOf(endpoints, transport))
  const { device, ...who } = guest
  return startPaho({
    ...who,
    host: hostname,
    port,
    filter,
    transport: transport === 'wss' || transport === 'ws' ? 'websockets' : 'tcp',
    ...((transport === 'mqtts' || transport === 'wss') && { caFile: endpoints.caFile }),
    ...(device && { certFile: device.certFile, keyFile: device.keyFile }),
  })
}
