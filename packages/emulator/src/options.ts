import type { CaStatusRule, LiveSessionPolicy } from '@apsaramq/broker'
import type { Edition } from '@apsaramq/model'

/** A port, `off` for none, or `auto`: the usual one, or any free one where that is taken or the others are free ones. */
export type ListenPort = number | 'auto' | 'off'

/** The ports of `auto`. */
export const usualPorts = { wss: 8084, mqtt: 1883, ws: 8083 } as const

/** Every setting of the emulator, with units. */
export interface Settings {
  /** Directory of the durable state; relative to the working directory. */
  data: string
  /** File that an empty data directory is filled from, and a reset goes back to; empty for the built-in seed. */
  seed: string
  /** Region of the API, and of the instances of a seed that name none. */
  region: string
  /** Keep everything in memory, forget it at the end. */
  ephemeral: boolean
  /** Address the API and the broker listen on. */
  host: string
  apiPort: number
  apiTlsPort: number
  mqttsPort: number
  wssPort: ListenPort
  mqttPort: ListenPort
  wsPort: ListenPort
  managementPort: number
  /** Where the endpoints are written besides the data directory; empty for nowhere. */
  endpointsFile: string
  liveSessions: LiveSessionPolicy
  /** What becomes of a live session when a certificate on its path expires. */
  expiredSessions: 'stay' | 'drop'
  /** What becomes of the will of a session that is ended by force. */
  willOnDrop: 'suppress' | 'publish'
  rejectAt: 'cut' | 'connack'
  caStatus: CaStatusRule
  auth: 'on' | 'off'
  /** API calls a second, per account and operation. */
  limit: number
  /** Whose HTTP status an error of the API has. */
  errorProfile: 'page' | 'notice'
  /** Editions that have the certificate operations. */
  editions: Edition[]
  /** Which instances CloseConnection serves. */
  closeConnection: 'everywhere' | 'beta'
  /** What becomes of an HTTPS-only operation that is called over HTTP. */
  httpsOnly: 'off' | 'enforce'
  /** CA certificates of one instance. */
  maxCas: number
  /** Seconds for which a register code can be used; 0 is for ever. */
  registerCodeTtl: number
  /** Lift the client id, topic and subscription rules of the service. */
  loose: boolean
  /** More names the server certificate is valid for. */
  serverNames: string[]
  /** Asked of every management request where it is not empty; empty keeps the management port on the loopback. */
  managementToken: string
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** One row of the table of options. */
export interface Option<K extends keyof Settings = keyof Settings> {
  key: K
  /** Without the dashes. */
  flag: string
  /** How its value is written in the help; undefined for a switch. */
  value?: string
  initial: Settings[K]
  help: string
  /** @throws {Error} whose message completes "--flag VALUE …" */
  parse(text: string): Settings[K]
}

const portText = /^\d{1,5}$/

function port(text: string): number {
  const value = Number(text)
  if (!portText.test(text) || value > 65_535) throw new Error('is no port: a number from 0 (any free port) to 65535')
  return value
}

function listenPort(text: string): ListenPort {
  if (text === 'auto' || text === 'off') return text
  try {
    return port(text)
  } catch {
    throw new Error('is none of auto, off, a number from 0 (any free port) to 65535')
  }
}

function positive(text: string): number {
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text) || value < 1) throw new Error('is no limit: a whole number of at least 1')
  return value
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error('is no time: a whole number of seconds, 0 for no limit')
  return Number(text)
}

/** Reads `platinum` or `platinum,professional`. */
export function parseEditions(text: string): Edition[] {
  const known: readonly Edition[] = ['platinum', 'professional']
  const named = text.split(',').map((name) => name.trim())
  const wrong = named.find((name) => !known.some((edition) => edition === name))
  if (wrong !== undefined) throw new Error(`has "${wrong}", which is none of ${known.join(', ')}`)
  return known.filter((edition) => named.includes(edition))
}

function oneOf<T extends string>(...allowed: T[]) {
  return (text: string): T => {
    const found = allowed.find((value) => value === text)
    if (!found) throw new Error(`is none of ${allowed.join(', ')}`)
    return found
  }
}

function truth(text: string): boolean {
  return oneOf('true', 'false')(text) === 'true'
}

function anyText(text: string): string {
  if (text === '') throw new Error('is empty')
  return text
}

function region(text: string): string {
  if (!/^[a-z0-9-]{1,32}$/.test(text)) throw new Error('is no region id: small letters, digits and hyphens')
  return text
}

/** Reads `drop`, `keep`, `delay:MS` or `delay:MS,JITTER`. */
export function parseLiveSessions(text: string): LiveSessionPolicy {
  if (text === 'drop' || text === 'keep') return { kind: text }
  const delay = /^delay:(\d{1,9})(?:,(\d{1,9}))?$/.exec(text)
  if (!delay) throw new Error('is none of drop, keep, delay:MILLISECONDS, delay:MILLISECONDS,JITTER')
  const [, delayMs, jitterMs] = delay
  return { kind: 'delay', delayMs: Number(delayMs), ...(jitterMs !== undefined && { jitterMs: Number(jitterMs) }) }
}

const hostNameText = /^[A-Za-z0-9*]([A-Za-z0-9.:*-]{0,252})$/

function names(text: string): string[] {
  const list = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  const wrong = list.find((name) => !hostNameText.test(name))
  if (wrong !== undefined) throw new Error(`has ${wrong}, which is no host name or address`)
  return list
}

function option<K extends keyof Settings>(
  key: K,
  flag: string,
  value: string | undefined,
  initial: Settings[K],
  parse: (text: string) => Settings[K],
  help: string,
): Option<K> {
  return { key, flag, ...(value === undefined ? {} : { value }), initial, help, parse }
}

function mqttOver(what: string, transport: keyof typeof usualPorts): string {
  return `MQTT over ${what}; auto: ${usualPorts[transport]}, or a free port where that is taken or --mqtts-port is 0`
}

/** The table of options: flags, environment, configuration file, defaults and help all come from here. */
export const options: readonly Option[] = [
  option('data', 'data', 'DIR', '.apsaramq', anyText, 'directory of the durable state'),
  option('seed', 'seed', 'FILE', '', anyText, 'YAML or JSON file to fill an empty data directory from'),
  option('region', 'region', 'REGION', 'cn-hangzhou', region, 'region of the API and of the instances of the seed'),
  option('ephemeral', 'ephemeral', undefined, false, truth, 'keep everything in memory, forget it at the end'),
  option('host', 'host', 'ADDRESS', '127.0.0.1', anyText, 'address the API and the broker listen on'),
  option('apiPort', 'api-port', 'PORT', 8480, port, 'API over HTTP; 0 is any free port, here and below'),
  option('apiTlsPort', 'api-tls-port', 'PORT', 8443, port, 'API over HTTPS'),
  option('mqttsPort', 'mqtts-port', 'PORT', 8883, port, 'MQTT over mutual TLS'),
  option('wssPort', 'wss-port', 'PORT|auto|off', 'auto', listenPort, mqttOver('WebSocket and mutual TLS', 'wss')),
  option('mqttPort', 'mqtt-port', 'PORT|auto|off', 'auto', listenPort, mqttOver('TCP without TLS', 'mqtt')),
  option('wsPort', 'ws-port', 'PORT|auto|off', 'auto', listenPort, mqttOver('WebSocket without TLS', 'ws')),
  option('managementPort', 'management-port', 'PORT', 8481, port, 'health, sessions, log, explanations, certificates'),
  option('endpointsFile', 'endpoints-file', 'FILE', '', anyText, 'write the endpoints there, too'),
  option(
    'liveSessions',
    'live-sessions',
    'drop|keep|delay:MS[,JITTER]',
    { kind: 'drop' },
    parseLiveSessions,
    'what an inactivation does to live sessions (A-01)',
  ),
  option(
    'expiredSessions',
    'expired-sessions',
    'stay|drop',
    'stay',
    oneOf('stay', 'drop'),
    'drop: a live session ends when a certificate on its path expires (A-75)',
  ),
  option(
    'willOnDrop',
    'will-on-drop',
    'suppress|publish',
    'suppress',
    oneOf('suppress', 'publish'),
    'what becomes of the will of a session ended by force (A-15)',
  ),
  option('rejectAt', 'reject-at', 'cut|connack', 'cut', oneOf('cut', 'connack'), 'how a client is refused (A-02)'),
  option(
    'caStatus',
    'ca-status',
    'documented|strict',
    'documented',
    oneOf('documented', 'strict'),
    'strict: an inactive CA keeps registered devices out, too (A-03)',
  ),
  option('auth', 'auth', 'on|off', 'on', oneOf('on', 'off'), 'off: signatures of API calls are not checked'),
  option(
    'limit',
    'limit',
    'N',
    500,
    positive,
    'API calls a second per account, of each operation documented at 500 (A-05)',
  ),
  option(
    'errorProfile',
    'error-profile',
    'page|notice',
    'page',
    oneOf('page', 'notice'),
    'HTTP statuses of errors: of the page of the operation, or of the later notice (A-10)',
  ),
  option(
    'editions',
    'editions',
    'NAME,…',
    ['platinum'],
    parseEditions,
    'editions with certificate operations: platinum, professional (A-11)',
  ),
  option(
    'closeConnection',
    'close-connection',
    'everywhere|beta',
    'everywhere',
    oneOf('everywhere', 'beta'),
    'beta: on Professional instances in cn-shanghai only, as first documented (A-44)',
  ),
  option(
    'httpsOnly',
    'https-only',
    'off|enforce',
    'off',
    oneOf('off', 'enforce'),
    'enforce: operations documented for HTTPS only are refused over HTTP (A-43)',
  ),
  option('maxCas', 'max-cas', 'N', 100, positive, 'CA certificates of one instance (A-33)'),
  option(
    'registerCodeTtl',
    'register-code-ttl',
    'SECONDS',
    0,
    seconds,
    'how long a register code can be used; 0 is for ever (A-12)',
  ),
  option('loose', 'loose', undefined, false, truth, 'lift the client id, topic and subscription rules'),
  option('serverNames', 'server-names', 'NAME,…', [], names, 'more names for the server certificate'),
  option(
    'managementToken',
    'management-token',
    'TOKEN',
    '',
    anyText,
    'asked of management requests; lets them come from other machines',
  ),
  option(
    'logLevel',
    'log-level',
    'LEVEL',
    'info',
    oneOf('debug', 'info', 'warn', 'error', 'silent'),
    'debug, info, warn, error or silent; the log goes to stderr',
  ),
]

/** Name of the environment variable of an option: `api-port` → `APSARAMQ_API_PORT`. */
export function environmentName(flag: string): string {
  return `APSARAMQ_${flag.replaceAll('-', '_').toUpperCase()}`
}
