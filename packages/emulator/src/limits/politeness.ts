import { BoundedMap } from '../lifecycle/bounded-map.ts'
import { ToldWaits, type DecidedCall, type WaitFigures } from './told-waits.ts'

/** Who calls: a key from an address. */
export interface PoliteClient {
  accountId: string
  /** Empty where nobody signed. */
  accessKeyId: string
  /** The RAM user or role; null for the owner of the account. */
  userName: string | null
  remoteAddress: string
}

/** A call of a client that the throttle has decided about. */
export interface PoliteCall extends PoliteClient, DecidedCall {
  action: string
}

/** What one client did about the waits it was told. */
export interface ClientPoliteness extends PoliteClient {
  /** The user's or role's, or whose owner it is. */
  name: string
  /** `rude` broke at least one wait, `polite` kept all that were judged, `unjudged` has not come back. */
  verdict: 'rude' | 'polite' | 'unjudged'
  refusals: number
  kept: number
  broken: number
  /** The operations it was refused, most refused first. */
  operations: ({ action: string } & WaitFigures)[]
}

interface Row {
  client: PoliteClient
  action: string
  waits: ToldWaits
}

/** Clients and operations that are remembered; a row is at most some kilobytes. */
const defaultCapacity = 2000

/**
 * Whether each client waited as it was told before it made the same call again. Clients that were never refused are not
 * remembered; of the others the ones whose last refusal is longest ago are forgotten, and counted.
 */
export class Politeness {
  readonly #rows: BoundedMap<Row>

  /** @param capacity clients and operations that are remembered */
  constructor(capacity = defaultCapacity) {
    this.#rows = new BoundedMap(capacity)
  }

  /** How many clients and operations were forgotten. */
  get forgotten(): number {
    return this.#rows.forgotten
  }

  note(call: PoliteCall): void {
    if (this.#rows.size === 0 && call.toldMs === undefined) return
    const { accountId, accessKeyId, userName, remoteAddress, action } = call
    const key = `${accountId}/${accessKeyId}/${remoteAddress}/${action}`
    if (call.toldMs === undefined) return this.#rows.peek(key)?.waits.note(call)
    let row = this.#rows.get(key)
    if (!row) {
      row = { client: { accountId, accessKeyId, userName, remoteAddress }, action, waits: new ToldWaits() }
      this.#rows.set(key, row)
    }
    row.waits.note(call)
  }

  /** Every client that was refused: the rude first, the most broken waits before others, then by refusals. */
  clients(): ClientPoliteness[] {
    const byClient = new Map<string, Row[]>()
    for (const row of this.#rows.values()) {
      const key = JSON.stringify(row.client)
      byClient.set(key, [...(byClient.get(key) ?? []), row])
    }
    return [...byClient.values()]
      .map(politenessOf)
      .sort((one, other) => other.broken - one.broken || other.refusals - one.refusals)
  }

  reset(): void {
    this.#rows.clear()
  }
}

function politenessOf(rows: Row[]): ClientPoliteness {
  const operations = rows
    .map(({ action, waits }) => ({ action, ...waits.figures() }))
    .sort((one, other) => other.refusals - one.refusals)
  const sum = (of: 'refusals' | 'kept' | 'broken') => operations.reduce((total, figures) => total + figures[of], 0)
  const [refusals, kept, broken] = [sum('refusals'), sum('kept'), sum('broken')]
  const verdict = broken > 0 ? 'rude' : kept > 0 ? 'polite' : 'unjudged'
  const { client } = rows[0]!
  const name = client.userName ?? `the owner of ${client.accountId}`
  return { name, ...client, verdict, refusals, kept, broken, operations }
}
