import type { CaStatusRule, LiveSessionPolicy } from '@apsaramq/broker'
import { ruleChoices, type ThrottleSettings } from '@apsaramq/control-plane'
import type { Edition } from '@apsaramq/model'
import {
  anyText,
  documentedSourceIpLimit,
  listenPort,
  names,
  oneOf,
  parseEditions,
  parseLiveSessions,
  parseSourceIpLimit,
  port,
  positive,
  region,
  seconds,
  truth,
  type ListenPort,
  type SourceIpLimit,
} from './option-values.ts'

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
  /** API calls a second of each operation, per account unless `throttleScope` says otherwise. */
  limit: number
  throttle: ThrottleSettings['algorithm']
  /** Whose API calls count together. */
  throttleScope: ThrottleSettings['scope']
  /** Whether each operation has the limit, or all of them together. */
  throttlePer: ThrottleSettings['per']
  throttleCode: ThrottleSettings['code']
  /** Calls a second that a source address may make of one operation. */
  sourceIpLimit: SourceIpLimit
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
    'throttle',
    'throttle',
    'sliding|fixed|bucket',
    'sliding',
    oneOf(...ruleChoices.algorithm),
    'how calls are counted: sliding or fixed window of a second, or token bucket (A-05, A-79)',
  ),
  option(
    'throttleScope',
    'throttle-scope',
    'account|user|key|ip',
    'account',
    oneOf(...ruleChoices.scope),
    'whose calls count together; user: the owner, each RAM user, each role (A-66)',
  ),
  option(
    'throttlePer',
    'throttle-per',
    'operation|shared',
    'operation',
    oneOf(...ruleChoices.per),
    'shared: the limit is of all operations together, quotas of single ones hold beside it (A-59)',
  ),
  option(
    'throttleCode',
    'throttle-code',
    'CODE',
    'Throttling.User',
    oneOf(...ruleChoices.code),
    'what a call above the limit is answered: Throttling.User, Throttling.Api or Throttling (A-25)',
  ),
  option(
    'sourceIpLimit',
    'source-ip-limit',
    'off|warn[:N]|enforce[:N]',
    { mode: 'warn', limit: documentedSourceIpLimit },
    parseSourceIpLimit,
    'calls a second of a source address and operation, documented at 300 (A-58)',
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
