import { parseArguments } from '../arguments.ts'
import { managementFlags, openManagement } from '../management.ts'

/** The help of `reset`. */
export const help = () => `  --to seed|empty       empty: without CA certificates
  --trust keep|renew    renew: new CAs and a new server certificate
  --data DIR, --management URL, --management-token TOKEN`

/** `reset`: puts the state back to the seed. */
export async function run(args: string[]): Promise<void> {
  const { flags } = parseArguments(args, { ...managementFlags, to: 'string', trust: 'string' })
  const query = new URLSearchParams({ to: flags['to'] ?? 'seed', trust: flags['trust'] ?? 'keep' })
  const management = await openManagement(flags)
  try {
    await management.request('POST', `/reset?${query.toString()}`)
  } finally {
    await management.close()
  }
}
