import type { CaCertificate, DeviceCertificate } from '@apsaramq/model'

/** The first moment at which a certificate on the path of a session is not valid any more. */
export interface PathExpiry {
  /** Epoch milliseconds. */
  at: number
  of: 'device' | 'intermediate' | 'ca'
}

/** When the path from a device certificate to its registered CA expires. @param between the first end of those between */
export function expiryOfPath(
  device: Pick<DeviceCertificate, 'validUntil'>,
  ca: Pick<CaCertificate, 'validUntil'>,
  between = Infinity,
): PathExpiry {
  const first = Math.min(device.validUntil, between, ca.validUntil)
  if (first === device.validUntil) return { at: first, of: 'device' }
  return { at: first, of: first === ca.validUntil ? 'ca' : 'intermediate' }
}
