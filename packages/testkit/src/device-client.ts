import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { systemClock, type Clock } from '@apsaramq/model'
import { watchConnection } from './connection-watch.ts'
import type { Endpoints } from './endpoints.ts'
import type { IssuedDevice } from './management-client.ts'

/** What a device needs to connect; the rest are options of mqtt.js, which hands the TLS versions on. */
export interface DeviceClientOptions extends IClientOptions, Pick<ConnectionOptions, 'minVersion' | 'maxVersion'> {
  endpoints: Pick<Endpoints, 'mqtts' | 'caFile'> & { management?: string }
  device: Pick<IssuedDevice, 'clientId' | 'key' | 'chain'> & { username?: string; password?: string }
  clock?: Clock
}

/**
 * Connects a device with its certificate by mqtt.js, whose own defaults hold where no option is given: MQTT 3.1.1,
 * a new attempt each second after a connection was lost. The client is watched, so that the waits can tell what it saw.
 */
export function deviceClient({ endpoints, device, clock = systemClock, ...options }: DeviceClientOptions): MqttClient {
  const client = connect(endpoints.mqtts, {
    clientId: device.clientId,
    ...(device.username ? { username: device.username } : {}),
    ...(device.password ? { password: device.password } : {}),
    key: device.key,
    cert: device.chain,
    ca: readFileSync(endpoints.caFile),
    ...options,
  })
  const watch = watchConnection(client, clock)
  if (endpoints.management) watch.management = endpoints.management
  return client
}
