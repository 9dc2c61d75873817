import { isSerialNumber, maxClientIdLength, serialNumberKey } from '@apsaramq/model'
import type { KeyType } from '@apsaramq/pki'

/** A request that cannot be met; the message is one sentence for a user. */
export class IssuingError extends Error {
  override readonly name = 'IssuingError'
}

/** What devices to issue. */
export interface DeviceRequest {
  /** With a `count` above one, `-1`, `-2` … are appended. */
  clientId: string
  /** Serial number of a CA made by the emulator; the seed's unless told. */
  ca?: string
  /** Hex; random unless told; not together with a `count` above one. */
  sn?: string
  keyType?: KeyType
  /** Wall-clock milliseconds. */
  validFrom?: number
  validUntil?: number
  /** A day past its end, or a day before its beginning; instead of `validFrom` and `validUntil`. */
  validity?: 'expired' | 'not-yet-valid'
  /** Issue it under a CA of the same name that is registered nowhere. */
  wrongCa?: boolean
  count?: number
  /** Number of the first of several; 1 unless told. */
  first?: number
  /** Enter the certificates in the store as if they had connected once. */
  registered?: boolean
}

/** The client ids a request asks for. */
export function clientIdsOf({ clientId, count = 1, first = 1 }: DeviceRequest): string[] {
  return count === 1 ? [clientId] : Array.from({ length: count }, (_, at) => `${clientId}-${first + at}`)
}

/** @throws {IssuingError} when `sn` is no serial number a certificate can have */
export function checkSerialNumber(sn: string): void {
  if (!isSerialNumber(sn) || serialNumberKey(sn) === '0') {
    throw new IssuingError(`${JSON.stringify(sn)} is no serial number: hex digits, not zero, at most 128`)
  }
}

interface Rule {
  broken(request: DeviceRequest): boolean
  says: string
}

const rules: readonly Rule[] = [
  {
    broken: (request) => clientIdsOf(request).some((id) => id === '' || id.length > maxClientIdLength),
    says: `the client id must have 1 to ${maxClientIdLength} characters, its number included`,
  },
  {
    broken: ({ sn, count = 1 }) => sn !== undefined && count > 1,
    says: 'one serial number cannot be given to several devices',
  },
  {
    broken: ({ registered, wrongCa }) => registered === true && wrongCa === true,
    says: 'a certificate of an unknown CA cannot be registered',
  },
  {
    broken: ({ validFrom, validUntil, validity }) => validity !== undefined && (validFrom ?? validUntil) !== undefined,
    says: 'a validity by name and one by times exclude each other',
  },
  {
    broken: ({ validFrom, validUntil }) =>
      validFrom !== undefined && validUntil !== undefined && validFrom >= validUntil,
    says: 'the validity must begin before it ends',
  },
]

/** @throws {IssuingError} naming the first rule the request breaks */
export function checkDeviceRequest(request: DeviceRequest): void {
  if (request.sn !== undefined) checkSerialNumber(request.sn)
  const rule = rules.find(({ broken }) => broken(request))
  if (rule) throw new IssuingError(rule.says)
}

const dayMs = 24 * 3_600_000

/** The validity a request asks for, as far as it asks for one. */
export function validityOf(request: DeviceRequest, now: number): { validFrom?: number; validUntil?: number } {
  if (request.validity === 'expired') return { validFrom: now - 30 * dayMs, validUntil: now - dayMs }
  if (request.validity === 'not-yet-valid') return { validFrom: now + dayMs, validUntil: now + 30 * dayMs }
  return {
    ...(request.validFrom === undefined ? {} : { validFrom: request.validFrom }),
    ...(request.validUntil === undefined ? {} : { validUntil: request.validUntil }),
  }
}
