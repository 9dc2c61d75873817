import { parseArguments } from '../arguments.ts'
import { readinessOf } from '../management.ts'
import { endpointsOf } from './env.ts'

/** The help of `status`. */
export const help = () => '  --data DIR, --endpoints-file FILE   which emulator\n  --json'

/** `status`: where the emulator is and whether it is ready; exit code 1 when it is not. */
export async function run(args: string[]): Promise<void> {
  const { flags } = parseArguments(args, { data: 'string', 'endpoints-file': 'string', json: 'boolean' })
  const endpoints = endpointsOf(flags)
  const { ready, pending } = await readinessOf(endpoints.management)
  if (flags['json']) process.stdout.write(`${JSON.stringify({ ready, pending, ...endpoints })}\n`)
  else {
    const { pid, api, apiTls, mqtts, wss, mqtt, ws, management, caFile } = endpoints
    const rows = {
      state: ready ? 'ready' : `starting: ${pending.join(', ')}`,
      pid,
      api,
      apiTls,
      mqtts,
      ...(wss && { wss }),
      ...(mqtt && { mqtt }),
      ...(ws && { ws }),
      management,
      caFile,
    }
    for (const [name, value] of Object.entries(rows)) process.stdout.write(`${name.padEnd(11)} ${value}\n`)
  }
  if (!ready) process.exitCode = 1
}
