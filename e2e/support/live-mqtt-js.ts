import { deviceClient, waitForConnect, waitForDisconnect, waitForMessage, waitForRefusal } from '@apsaramq/testkit'
import type { LiveClientKind } from './live-client.ts'

/** mqtt.js, in this process. */
export const liveMqttJs: LiveClientKind = {
  name: 'mqtt.js',
  tool: { name: 'mqtt.js', path: 'mqtt' },
  start(device, endpoints, filter) {
    const client = deviceClient({ endpoints, device, reconnectPeriod: 200 })
    client.subscribe(filter) // sent at once when it is connected, and again by mqtt.js after each reconnect
    return {
      online: async (options) => void (await waitForConnect(client, options)),
      offline: async (options) => void (await waitForDisconnect(client, options)),
      refused: async (options) => (await waitForRefusal(client, { next: true, ...options })).detail,
      received: async (payload, options) =>
        void (await waitForMessage(client, (message) => message.payload.toString() === payload, options)),
      stop: () => client.endAsync(true),
    }
  },
}
