import { opensslTool } from './tools.ts'

/** The chapters whose certificates openssl makes. */
const needOpenssl = [
  'e2e/02-operations/**',
  'e2e/04-certificates/**',
  'e2e/05-admission/**',
  'e2e/06-live-sessions/**',
  'e2e/07-durability/restart.test.ts',
  'e2e/08-command-line/commands.test.ts',
  'e2e/09-seeing-why/secrets.test.ts',
  'e2e/14-clients/**',
]

/** The chapters that cannot run on this machine; none where openssl is installed. */
export const leftOut: readonly string[] = opensslTool.path === undefined ? needOpenssl : []
