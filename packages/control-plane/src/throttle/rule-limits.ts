import { checkedLimit, type ThrottleRule } from './rule.ts'

/** A limit that is not the rule's general one. */
export interface ParticularLimit {
  perSecond: number
  /** The operation it is of; undefined for every one that has no limit of its own. */
  action?: string
  /** The account it is of; undefined for all. */
  accountId?: string
}

/**
 * The limits of a rule as they are now. The most particular one counts: that of the account for the operation, of the
 * operation, of the account, of the rule.
 */
export class RuleLimits {
  readonly #rule: ThrottleRule
  #general: number | undefined
  #byAction = new Map<string, number>()
  #byAccount = new Map<string, number>()
  #byBoth = new Map<string, ParticularLimit>()

  constructor(rule: ThrottleRule) {
    this.#rule = rule
    this.reset()
  }

  /** Calls a second; undefined where the rule does not ask about the operation. */
  of(accountId: string, action: string): number | undefined {
    if (this.#byBoth.size > 0) {
      const particular = this.#byBoth.get(bothKey(accountId, action))
      if (particular) return particular.perSecond
    }
    const ofAction = this.#byAction.get(action)
    if (ofAction !== undefined || this.#general === undefined) return ofAction
    return this.#byAccount.get(accountId) ?? this.#general
  }

  /** The limit of every operation and account that has none of its own. */
  get general(): number | undefined {
    return this.#general
  }

  /** Those that have one of their own. */
  particular(): ParticularLimit[] {
    return [
      ...[...this.#byAction].map(([action, perSecond]) => ({ action, perSecond })),
      ...[...this.#byAccount].map(([accountId, perSecond]) => ({ accountId, perSecond })),
      ...this.#byBoth.values(),
    ]
  }

  /**
   * Changes a limit.
   *
   * @returns what it was, in calls a second; undefined where there was none
   * @throws {RangeError} when the rule has no such limit, or it is none; nothing is changed then
   */
  set(change: ParticularLimit): number | undefined {
    const { action, accountId } = change
    const perSecond = checkedLimit(change.perSecond)
    this.#checkTarget(change)
    const before = this.of(accountId ?? '', action ?? '')
    if (action === undefined && accountId === undefined) this.#general = perSecond
    else if (accountId === undefined) this.#byAction.set(action!, perSecond)
    else if (action === undefined) this.#byAccount.set(accountId, perSecond)
    else this.#byBoth.set(bothKey(accountId, action), { perSecond, action, accountId })
    return before
  }

  /** Back to what the rule was made with. */
  reset(): void {
    this.#general = this.#rule.limit
    this.#byAction = new Map(Object.entries(this.#rule.limitByAction ?? {}))
    this.#byAccount = new Map()
    this.#byBoth = new Map()
  }

  #checkTarget({ action, accountId }: ParticularLimit): void {
    const { name, scope, per } = this.#rule
    if (action !== undefined && per === 'shared')
      throw new RangeError(`the rule ${name} counts all operations together; it has no limit of ${action} alone`)
    if (action === undefined && this.#general === undefined)
      throw new RangeError(`the rule ${name} has limits of single operations only; say which operation`)
    if (accountId !== undefined && scope === 'ip')
      throw new RangeError(`the rule ${name} counts source addresses; it has no limit of one account`)
  }
}

const bothKey = (accountId: string, action: string) => `${accountId}/${action}`
