import { hash } from 'node:crypto'
import type { Clock } from '@apsaramq/model'
import { maxClockSkewMs } from '../signature/timestamp.ts'
import { FingerprintSet } from './fingerprint-set.ts'

const sliceMs = 5 * 60 * 1000

/**
 * How many nonces are remembered at once: twenty minutes of 6,000 calls a second, some 200 MB at the very most.
 * LIMITS A-68
 */
export const maxNonces = 8_000_000

const noFingerprint = hash('sha256', '\n', 'binary')

interface Slice {
  nonces: FingerprintSet
  countByAccessKey: Map<string, number>
}

/** What became of a nonce. */
export type Remembered = 'remembered' | 'used' | 'full'

/**
 * The nonces of accepted signatures. Each is remembered until its timestamp would be refused anyway, 15 minutes after
 * the timestamp. LIMITS A-18 It stands in the slice of five minutes in which that moment falls; whole slices are
 * dropped, never a nonce whose time is not over. When there are too many, of all keys or a quarter of them of one
 * key, new ones are refused: forgetting would let a call be replayed.
 *
 * What is kept of a nonce is 64 bits of a hash: a new one is taken for used once in some 10¹³ calls.
 */
export class NonceStore {
  readonly #clock: Clock
  readonly #capacity: number
  readonly #slices = new Map<number, Slice>()
  #currentSlice = 0
  /** The nonce that was asked for last: a call asks twice, first whether it is known and then to consume it. */
  #asked = { accessKeyId: '', nonce: '', fingerprint: noFingerprint }
  #since: number

  constructor(options: { clock: Clock; capacity?: number }) {
    this.#clock = options.clock
    this.#capacity = options.capacity ?? maxNonces
    this.#since = this.#clock.now()
  }

  /** From when on all nonces are remembered: the start or the last reset, in milliseconds. LIMITS A-67 */
  get since(): number {
    return this.#since
  }

  has(accessKeyId: string, nonce: string): boolean {
    this.#dropOver()
    return this.#holds(this.#fingerprintOf(accessKeyId, nonce))
  }

  /** Consumes a nonce. @param timestamp the time the request carries, in milliseconds */
  remember(accessKeyId: string, nonce: string, timestamp: number): Remembered {
    this.#dropOver()
    const fingerprint = this.#fingerprintOf(accessKeyId, nonce)
    if (this.#holds(fingerprint)) return 'used'
    if (this.size >= this.#capacity || this.#countOf(accessKeyId) >= this.#capacity / 4) return 'full'
    const slice = this.#sliceOf(Math.floor((timestamp + maxClockSkewMs) / sliceMs))
    slice.nonces.add(fingerprint)
    slice.countByAccessKey.set(accessKeyId, (slice.countByAccessKey.get(accessKeyId) ?? 0) + 1)
    return 'remembered'
  }

  /** Forgets all of them. */
  reset(): void {
    this.#slices.clear()
    this.#since = this.#clock.now()
  }

  /** How many are remembered. */
  get size(): number {
    let size = 0
    for (const slice of this.#slices.values()) size += slice.nonces.size
    return size
  }

  #fingerprintOf(accessKeyId: string, nonce: string): string {
    if (this.#asked.nonce !== nonce || this.#asked.accessKeyId !== accessKeyId) {
      this.#asked = { accessKeyId, nonce, fingerprint: hash('sha256', `${accessKeyId}\n${nonce}`, 'binary') }
    }
    return this.#asked.fingerprint
  }

  #holds(fingerprint: string): boolean {
    for (const slice of this.#slices.values()) if (slice.nonces.has(fingerprint)) return true
    return false
  }

  #countOf(accessKeyId: string): number {
    let count = 0
    for (const slice of this.#slices.values()) count += slice.countByAccessKey.get(accessKeyId) ?? 0
    return count
  }

  #sliceOf(index: number): Slice {
    const known = this.#slices.get(index)
    if (known) return known
    const slice = { nonces: new FingerprintSet(), countByAccessKey: new Map<string, number>() }
    this.#slices.set(index, slice)
    return slice
  }

  #dropOver(): void {
    const current = Math.floor(this.#clock.now() / sliceMs)
    if (current === this.#currentSlice) return
    this.#currentSlice = current
    for (const index of this.#slices.keys()) if (index < current) this.#slices.delete(index)
  }
}
