import type { Broker, Transport } from '@apsaramq/broker'
import type { Ports } from './endpoints.ts'
import type { ListenPort } from './option-values.ts'
import { usualPorts } from './options.ts'
import type { Readiness } from './readiness.ts'
import type { Shared } from './services.ts'
import { explainListenError } from './start-error.ts'

/** The transports whose port may be left to the emulator. */
type Optional = keyof typeof usualPorts

type Listening = Pick<Broker, 'listen'>
type Opening = Pick<Shared, 'settings' | 'recorder'>

/**
 * Opens the ports of the broker, one after another.
 *
 * @throws {StartError} when a port that was asked for cannot be used, naming its flag
 */
export async function openMqttPorts(
  broker: Listening,
  opening: Opening,
  readiness: Readiness,
): Promise<Pick<Ports, Transport>> {
  const { mqttsPort, wssPort, mqttPort, wsPort } = opening.settings
  const mqtts = await open(broker, opening, 'mqtts', mqttsPort)
  readiness.done('mqtts')
  const wss = await openOptional(broker, opening, 'wss', wssPort)
  readiness.done('wss')
  const mqtt = await openOptional(broker, opening, 'mqtt', mqttPort)
  readiness.done('mqtt')
  const ws = await openOptional(broker, opening, 'ws', wsPort)
  readiness.done('ws')
  return { mqtts, wss, mqtt, ws }
}

async function openOptional(
  broker: Listening,
  opening: Opening,
  transport: Optional,
  port: ListenPort,
): Promise<number | undefined> {
  if (port === 'off') return undefined
  if (port !== 'auto') return open(broker, opening, transport, port)
  if (opening.settings.mqttsPort === 0) return open(broker, opening, transport, 0)
  return openUsual(broker, opening, transport)
}

/** What nobody has asked for must not keep the emulator from starting: a broker on 1883 is not rare. */
async function openUsual(broker: Listening, opening: Opening, transport: Optional): Promise<number> {
  const usual = usualPorts[transport]
  try {
    return (await broker.listen(transport, { host: opening.settings.host, port: usual })).port
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw explained(error, opening, transport, usual)
    const port = await open(broker, opening, transport, 0)
    const message = `port ${usual} is in use: ${transport} is on port ${port}; choose another with --${transport}-port`
    opening.recorder.write({ plane: 'emulator', kind: 'warn', message })
    return port
  }
}

async function open(broker: Listening, opening: Opening, transport: Transport, port: number): Promise<number> {
  try {
    return (await broker.listen(transport, { host: opening.settings.host, port })).port
  } catch (error) {
    throw explained(error, opening, transport, port)
  }
}

function explained(error: unknown, { settings }: Opening, transport: Transport, port: number): unknown {
  return explainListenError(error, settings.host, port, `${transport}-port`)
}
