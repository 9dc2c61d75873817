import type { CaCertificate, DeviceCertificate } from '@apsaramq/model'

/** The first moment at which a certificate on the path of a session is not valid any more. */
export interface PathExpiry {
  /** Epoch milliseconds. */
  at: number
  of: 'device' | 'intermediate' | 'ca'
}

/** When the path from a device certificate to its registered CA expires. */
export function expiryOfPath(
  device: Pick<DeviceCertificate, 'validUntil'>,
  ca: Pick<CaCertificate, 'validUntil'>,
): PathExpiry {
  if (ca.validUntil < device.validUntil) return { at: ca.validUntil, of: 'ca' }
  return { at: device.validUntil, of: 'device' }
}
