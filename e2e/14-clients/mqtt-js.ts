import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import type { TLSSocket } from 'node:tls'
import {
  deviceClient,
  waitForConnect,
  waitForDisconnect,
  waitForRefusal,
  waitWithin,
  type DeviceClientOptions,
} from '@apsaramq/testkit'
import type { MqttClient } from 'mqtt'
import { withinMs } from './client-process.ts'
import { fullProduct } from './combinations.ts'
import { everything, type Client, type ClientKind, type Row, type Seat } from './row.ts'

const protocols = {
  '3.1': { protocolId: 'MQIsdp', protocolVersion: 3 },
  '3.1.1': { protocolId: 'MQTT', protocolVersion: 4 },
  '5': { protocolId: 'MQTT', protocolVersion: 5 },
} as const satisfies Record<Row['protocol'], Partial<DeviceClientOptions>>

/** How a client reaches the broker; where the row says so, a later one resumes the TLS session of the one before. */
interface Transport {
  options(): Pick<DeviceClientOptions, 'endpoints' | 'wsOptions' | 'minVersion' | 'maxVersion'>
  follow(client: MqttClient): void
}

/** Of a WebSocket the agent of node:https does it. */
function overWss({ endpoints, tls, device: { key, chain }, handshake }: Seat): Transport {
  const identity = { key, cert: chain, ca: readFileSync(endpoints.caFile), minVersion: tls, maxVersion: tls }
  const agent = new Agent(handshake === 'resumed' ? identity : { ...identity, maxCachedSessions: 0 })
  const url = endpoints.wss! // without one its row is left out
  const options = { endpoints: { ...endpoints, mqtts: url }, wsOptions: { agent } }
  return { options: () => options, follow: () => {} }
}

function overMqtts({ endpoints, tls, handshake }: Seat): Transport {
  let session: Buffer | undefined
  return {
    options: () => ({ endpoints, minVersion: tls, maxVersion: tls, ...(session ? { session } : {}) }),
    follow(client) {
      const socket = client.stream as unknown as TLSSocket // mqtt.js types it as any duplex
      if (handshake === 'resumed') socket.on('session', (latest: Buffer) => (session = latest))
    },
  }
}

/** What a client has told so far. */
interface Told {
  messages: string[]
  disconnects: string[]
}

function listen(client: MqttClient, told: Told): void {
  client.on('disconnect', ({ reasonCode, properties }) =>
    told.disconnects.push(`DISCONNECT ${reasonCode}: ${properties?.reasonString}, `),
  )
  client.on('message', (_topic, payload, { qos }) => told.messages.push(`${qos} ${payload.toString()}`))
}

function openMqttJs(seat: Seat): Client {
  const transport = seat.transport === 'wss' ? overWss(seat) : overMqtts(seat)
  const told: Told = { messages: [], disconnects: [] }
  let client: MqttClient | undefined
  const start = () => {
    const how = { ...transport.options(), ...protocols[seat.protocol], reconnectPeriod: 0 }
    client = deviceClient({ ...how, device: seat.device })
    transport.follow(client)
    listen(client, told)
    return client
  }
  const current = () => client ?? start()
  return {
    async connect() {
      if (seat.handshake === 'resumed' && !client) {
        await waitForConnect(start(), { withinMs })
        await current().endAsync()
      }
      await waitForConnect(start(), { withinMs })
      await current().subscribeAsync(seat.topic, { qos: 2 })
    },
    publish: async (payload, qos) => void (await current().publishAsync(seat.topic, payload, { qos })),
    received: (payload, qos) => heard(current(), told.messages, `${qos} ${payload}`),
    async lost() {
      const { detail } = await waitForDisconnect(current(), { withinMs })
      return `${told.disconnects.join('')}${detail}`
    },
    async refused() {
      const { by, code, detail } = await waitForRefusal(start(), { withinMs })
      return `${by} ${code ?? 'without a code'}: ${detail}`
    },
    close: async () => void (await client?.endAsync(true)),
  }
}

function heard(client: MqttClient, messages: readonly string[], wanted: string): Promise<void> {
  return waitWithin<void>(
    { withinMs },
    ({ resolve }) => {
      const look = () => void (messages.includes(wanted) && resolve())
      client.on('message', look)
      look()
      return () => void client.off('message', look)
    },
    () => `mqtt.js: waited ${withinMs} ms for ${wanted}; there came ${messages.join(', ') || 'nothing'}`,
  )
}

const closed = /^the connection was closed$/
const cut = /^cut without a code: /

/** mqtt.js, in this process. */
export const mqttJs: ClientKind = {
  name: 'mqtt.js',
  tool: { name: 'mqtt.js', path: 'mqtt' },
  rows: fullProduct(everything),
  open: openMqttJs,
  tells: {
    lost: {
      '3.1': closed,
      '3.1.1': closed,
      '5': /^DISCONNECT 152: device certificate \w+ of CA \w+ inactive since .*, the connection was closed$/,
    },
    cut: { '3.1': cut, '3.1.1': cut, '5': cut },
    connack: {
      '3.1': /^connack 5: Connection refused: Not authorized$/,
      '3.1.1': /^connack 5: Connection refused: Not authorized$/,
      '5': /^connack 135: Connection refused: Not authorized$/,
    },
  },
}
