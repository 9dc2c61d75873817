import { deviceClient } from '@apsaramq/testkit'
import type { MqttClient, Packet } from 'mqtt'
import { pahoPython, type Tool } from '../support/tools.ts'
import { transcript } from '../support/transcript.ts'
import { withinMs, type ClientProcess } from './client-process.ts'
import { optionsOfMqttJs, propertiesOf, type Properties } from './property-names.ts'
import { startPaho } from './paho-python.ts'
import type { Seat } from './row.ts'

/** What a client tells: `event` and its facts, properties under the names of the standard. */
export type Told = { event: string; properties: Properties } & Record<string, unknown>

/** How to connect. */
export interface ConnectWish {
  clean?: boolean
  keepAlive?: number
  properties?: Properties
  will?: { topic: string; payload: string; qos: 0 | 1 | 2 }
}

/** What to publish. */
export interface Publication {
  topic: string
  payload: string
  qos: 0 | 1 | 2
  retain?: boolean
  properties?: Properties
}

/** A client of MQTT 5 that does as it is told and tells what it is told: nothing is hidden, nothing is tried again. */
export interface Speaker {
  /** Resolves with the CONNACK. */
  connect(wish?: ConnectWish): Promise<Told>
  /** Resolves with the reason code of the SUBACK. */
  subscribe(filter: string, qos: 0 | 1 | 2, properties?: Properties): Promise<unknown>
  publish(publication: Publication): void
  /** The next that was not asked for yet of: `message`, `published`, `unsent`, `disconnect`, `failed`, `closed`. */
  next(event: string): Promise<Told>
  /** Sends DISCONNECT; resolves once the connection has ended. */
  leave(): Promise<void>
  close(): Promise<void>
}

/** A kind of it. */
export interface SpeakerKind {
  name: string
  tool: Tool
  open(seat: Seat): Speaker
}

/** Reads events, one JSON object a line, each kind in its order. */
function eventsOf(source: Pick<ClientProcess, 'lines' | 'tells'>): (event: string) => Promise<Told> {
  const from: Record<string, number> = {}
  return async (event) => {
    const line = await source.tells(event, new RegExp(`^\\{"event": ?"${event}"`), from[event])
    from[event] = source.lines().indexOf(line, from[event]) + 1
    return JSON.parse(line) as Told // as both speakers write it
  }
}

function openPaho(seat: Seat): Speaker {
  const child = startPaho(seat)
  const next = eventsOf(child)
  const say = (command: object) => child.write(JSON.stringify(command))
  return {
    async connect(wish = {}) {
      say({ do: 'connect', ...wish })
      return next('connect')
    },
    async subscribe(filter, qos, properties = {}) {
      say({ do: 'subscribe', filter, qos, properties })
      return codeOf(await next('suback'))
    },
    publish: (publication) => say({ do: 'publish', ...publication }),
    next,
    async leave() {
      say({ do: 'disconnect' })
      await next('disconnect')
    },
    close: () => child.stop(),
  }
}

const codeOf = ({ codes }: Told) => (codes as unknown[])[0]

function openMqttJs(seat: Seat): Speaker {
  const told = transcript('mqtt.js')
  const tells: ClientProcess['tells'] = (what, matches, from = 0) =>
    told.waitFor(what, (line) => matches.test(line), { from, withinMs })
  const next = eventsOf({ lines: told.lines, tells })
  const tell = (event: string, facts: object, properties?: object) =>
    told.add(JSON.stringify({ event, ...facts, properties: propertiesOf(properties) }))
  let client: MqttClient | undefined
  return {
    async connect({ properties = {}, clean = true, keepAlive = 60, will } = {}) {
      const wish = {
        clean,
        keepalive: keepAlive,
        properties: optionsOfMqttJs(properties),
        ...(will && { will: willOf(will) }),
      }
      client = deviceClient({ ...usual, ...wish, endpoints: seat.endpoints, device: seat.device })
      client.on('close', () => tell('closed', {}))
      client.on('packetreceive', (packet) => tellPacket(packet, tell))
      return next('connect')
    },
    async subscribe(filter, qos, properties = {}) {
      client?.subscribe(filter, { qos, properties: optionsOfMqttJs(properties) }, () => {}) // the SUBACK tells
      return codeOf(await next('suback'))
    },
    publish({ topic, payload, qos, retain = false, properties = {} }) {
      const options = { qos, retain, properties: optionsOfMqttJs(properties) }
      client?.publish(topic, payload, options, (error) => {
        if (error) tell('unsent', { reason: error.message })
        else tell('published', {})
      })
    },
    next,
    leave: async () => void (await client?.endAsync()),
    close: async () => void (await client?.endAsync(true)),
  }
}

const usual = { protocolVersion: 5, reconnectPeriod: 0 } as const
const willOf = (will: { topic: string; payload: string; qos: 0 | 1 | 2 }) => ({
  ...will,
  payload: Buffer.from(will.payload),
  retain: false,
})

function tellPacket(packet: Packet, tell: (event: string, facts: object, properties?: object) => void): void {
  if (packet.cmd === 'connack')
    tell('connect', { code: packet.reasonCode, present: packet.sessionPresent }, packet.properties)
  if (packet.cmd === 'suback') tell('suback', { codes: packet.granted })
  if (packet.cmd === 'disconnect') tell('disconnect', { code: packet.reasonCode }, packet.properties)
  if (packet.cmd !== 'publish') return
  const { topic, payload, qos, retain, properties } = packet
  tell('message', { topic, payload: payload.toString(), qos, retain: Number(retain) }, properties)
}

/** mqtt.js. */
export const mqttJsSpeaker: SpeakerKind = { name: 'mqtt.js', tool: { name: 'mqtt.js', path: 'mqtt' }, open: openMqttJs }
/** Paho Python. */
export const pahoPythonSpeaker: SpeakerKind = { name: 'Paho Python', tool: pahoPython, open: openPaho }

/** The clients that show all of MQTT 5. */
export const speakers: readonly SpeakerKind[] = [mqttJsSpeaker, pahoPythonSpeaker]
