import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Row } from './row.ts'

/**
 * The environment that, until the test has finished, holds a program on OpenSSL to one version of TLS, by the configuration that OpenSSL reads:
 * mosquitto's option is a minimum, Paho C has none.
 */
export function holdTo(tls: Row['tls']): Record<string, string> {
  const directory = mkdtempSync(join(tmpdir(), 'apsaramq-e2e-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, `${tls}.cnf`)
  const sections = ['openssl_conf = all', '[all]', 'ssl_conf = ssl', '[ssl]', 'system_default = versions', '[versions]']
  writeFileSync(file, [...sections, `MinProtocol = ${tls}`, `MaxProtocol = ${tls}`, ''].join('\n'))
  return { OPENSSL_CONF: file }
}
