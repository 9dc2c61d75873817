/** A command line that cannot be carried out; the message is one sentence for a user. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
