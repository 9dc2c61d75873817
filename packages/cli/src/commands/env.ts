import { endpointsFileOf, readEndpoints, type Endpoints } from '@apsaramq/testkit/http'
import { parseArguments } from '../arguments.ts'
import { dataDirectory, readinessOf } from '../management.ts'
import { UsageError } from '../usage-error.ts'

/**
 * The variables of `env`, each with where its value comes from; one without a value is not set. The SDKs read the last
 * two by themselves.
 */
const variables: Readonly<Record<string, (endpoints: Endpoints) => string | undefined>> = {
  APSARAMQ_API: ({ api }) => api,
  APSARAMQ_API_TLS: ({ apiTls }) => apiTls,
  APSARAMQ_MQTTS: ({ mqtts }) => mqtts,
  APSARAMQ_WSS: ({ wss }) => wss,
  APSARAMQ_MQTT: ({ mqtt }) => mqtt,
  APSARAMQ_WS: ({ ws }) => ws,
  APSARAMQ_MANAGEMENT: ({ management }) => management,
  APSARAMQ_CA_FILE: ({ caFile }) => caFile,
  APSARAMQ_REGION_ID: ({ regionId }) => regionId,
  APSARAMQ_ACCOUNT_ID: ({ accountId }) => accountId,
  APSARAMQ_INSTANCE_ID: ({ instanceId }) => instanceId,
  ALIBABA_CLOUD_ACCESS_KEY_ID: ({ accessKeyId }) => accessKeyId,
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: ({ accessKeySecret }) => accessKeySecret,
}

/** Names that `env` sets and `start` must not take for slips. */
export const exportedNames: readonly string[] = Object.keys(variables)

function quoted(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`
}

/** The endpoints of the emulator on a data directory. @throws {UsageError} when none has written them */
export function endpointsOf(flags: Record<string, string | undefined>): Endpoints {
  const file =
    flags['endpoints-file'] ?? process.env['APSARAMQ_ENDPOINTS_FILE'] ?? endpointsFileOf(dataDirectory(flags))
  try {
    return readEndpoints(file)
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** The help of `env`. */
export const help = () => '  --data DIR, --endpoints-file FILE   which emulator'

/** `env`: export lines for a shell, and nothing else. */
export async function run(args: string[]): Promise<void> {
  const { flags } = parseArguments(args, { data: 'string', 'endpoints-file': 'string' })
  const endpoints = endpointsOf(flags)
  await readinessOf(endpoints.management)
  const lines = Object.entries(variables).flatMap(([name, valueOf]) => {
    const value = valueOf(endpoints)
    return value === undefined ? [] : [`export ${name}=${quoted(value)}\n`]
  })
  process.stdout.write(lines.join(''))
}
