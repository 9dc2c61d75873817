import { systemClock, systemRandom } from '@apsaramq/model'
import { issueCa, issueServer } from '@apsaramq/pki'
import type { TlsOrder } from '../references/bare-tls.ts'

const deps = { clock: systemClock, random: systemRandom }

/** The CA behind a device's certificate: the second of its chain. */
export function caOf({ chain }: { chain: string }): string {
  const certificates = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!certificates?.[1]) throw new Error('the chain of the device holds no CA')
  return certificates[1]
}

/** A server certificate of the emulator's own kind (RSA 2048) for a reference. @returns what it needs, and the CA to trust */
export async function tlsOrder(deviceCa: string): Promise<{ order: TlsOrder; ca: string }> {
  const ca = await issueCa({ commonName: 'bench server CA' }, deps)
  const { key, certificate } = await issueServer({ ca, names: ['127.0.0.1', 'localhost'] }, deps)
  return { order: { key, cert: `${certificate.trimEnd()}\n${ca.certificate}`, deviceCa }, ca: ca.certificate }
}
