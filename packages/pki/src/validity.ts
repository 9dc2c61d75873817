import { CertificateError } from './certificate-error.ts'

/** A day in milliseconds. */
export const dayMs = 24 * 60 * 60 * 1000

/** How far before now a certificate begins to be valid: clocks of clients are not exact. */
const backdateMs = 60 * 1000
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59)

/** What is asked for; wall-clock milliseconds. */
export interface ValidityRequest {
  validFrom?: number
  validUntil?: number
}

/**
 * The validity of a new certificate in whole seconds, as X.509 counts.
 * Where only an end that is past is asked for, it begins `lifetimeMs` before that end.
 *
 * @throws {CertificateError} when it ends before it begins, or cannot be written (RFC 5280 §4.1.2.5)
 */
export function validityOf(request: ValidityRequest, lifetimeMs: number, now: number): { from: Date; until: Date } {
  const from = wholeSecond(request.validFrom ?? defaultFrom(request.validUntil, lifetimeMs, now))
  const until = wholeSecond(request.validUntil ?? from + lifetimeMs)
  if (!(from >= 0 && until <= latestMs)) {
    throw new CertificateError('validFrom and validUntil must be milliseconds between the years 1970 and 9999')
  }
  if (until <= from) throw new CertificateError('validUntil must be later than validFrom')
  return { from: new Date(from), until: new Date(until) }
}

function defaultFrom(validUntil: number | undefined, lifetimeMs: number, now: number): number {
  const from = now - backdateMs
  return validUntil === undefined || validUntil > now ? from : validUntil - lifetimeMs
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}
