/** A certificate, key or request for one that cannot be read or used; the message is for a user. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
}

/** What was thrown, as the end of a sentence. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
