/** A policy that cannot be taken: where the fault is, and what would be right there. The message is for a user. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
  /** For example `Statement[0].Condition.IpAddress.acs:SourceIp[1]`; empty for the whole. */
  readonly path: string

  constructor(path: string, says: string) {
    super(`${path === '' ? 'the policy' : path} ${says}`)
    this.path = path
  }
}
