import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where a running emulator can be reached and who may call it: the content of its endpoints file. */
export interface Endpoints {
  /** Origin of the API over HTTP. */
  api: string
  /** Origin of the API over HTTPS. */
  apiTls: string
  /** URL of the broker, mqtts://host:port. */
  mqtts: string
  /** URL of MQTT over WebSocket and TLS, wss://host:port/mqtt; undefined, as the two below it, where it is off. */
  wss?: string
  /** URL of MQTT without TLS, mqtt://host:port, for instances of one-way TLS. */
  mqtt?: string
  /** URL of MQTT over WebSocket without TLS, ws://host:port/mqtt, for instances of one-way TLS. */
  ws?: string
  /** Origin of the management port. */
  management: string
  /** PEM file of the CA that signed the server certificates. */
  caFile: string
  regionId: string
  accountId: string
  accessKeyId: string
  accessKeySecret: string
  /** The instance with mutual TLS. */
  instanceId: string
  pid: number
  /** The other identities of the seed. */
  users: EndpointUser[]
  /** All instances of the seed. */
  instances: { instanceId: string; accountId: string; edition: string; tls: 'mutual' | 'one-way' }[]
}

/** An identity beside the owner of the instance. */
export interface EndpointUser {
  name: string
  accountId: string
  accessKeyId: string
  accessKeySecret: string
}

/** Path of the endpoints file in a data directory. */
export function endpointsFileOf(dataDirectory: string): string {
  return join(dataDirectory, 'endpoints.json')
}

/** The endpoints file that the environment names: `APSARAMQ_ENDPOINTS_FILE`, else the one in the data directory. */
export function endpointsFile(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.APSARAMQ_ENDPOINTS_FILE || endpointsFileOf(environment.APSARAMQ_DATA || '.apsaramq')
}

/**
 * Reads where the emulator is.
 *
 * @throws {Error} naming the file, when it is absent or not an endpoints file
 */
export function readEndpoints(file = endpointsFile()): Endpoints {
  const value: unknown = JSON.parse(readText(file))
  if (!isEndpoints(value)) throw new Error(`${file} is not an endpoints file: api, mqtts or accessKeyId is missing`)
  return value
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Error(`no endpoints file at ${file}: is the emulator running?`, { cause })
  }
}

function isEndpoints(value: unknown): value is Endpoints {
  if (typeof value !== 'object' || value === null) return false
  return ['api', 'mqtts', 'accessKeyId', 'accessKeySecret', 'instanceId', 'caFile'].every((name) => name in value)
}
