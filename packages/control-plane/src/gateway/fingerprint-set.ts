const pageCount = 256
const firstSlots = 16

/**
 * A set of 64-bit fingerprints in typed arrays: some 16 to 32 bytes each, against well over 100 for strings. It is
 * split into pages that grow one by one, so that no call waits while a large table is copied.
 */
export class FingerprintSet {
  readonly #pages: (Page | undefined)[] = Array.from({ length: pageCount }, () => undefined)
  #size = 0

  /** How many are in it. */
  get size(): number {
    return this.#size
  }

  has(fingerprint: string): boolean {
    const page = this.#pages[fingerprint.charCodeAt(8)]
    return page !== undefined && page.has(wordAt(fingerprint, 0), wordAt(fingerprint, 4))
  }

  /** @param fingerprint a digest of at least nine bytes, a character each: `binary` digests, the cheapest there are */
  add(fingerprint: string): void {
    const page = (this.#pages[fingerprint.charCodeAt(8)] ??= new Page())
    if (page.add(wordAt(fingerprint, 0), wordAt(fingerprint, 4))) this.#size += 1
  }
}

/** Four bytes as an unsigned number. */
function wordAt(fingerprint: string, at: number): number {
  const low = fingerprint.charCodeAt(at) | (fingerprint.charCodeAt(at + 1) << 8)
  const high = fingerprint.charCodeAt(at + 2) | (fingerprint.charCodeAt(at + 3) << 8)
  return (low | (high << 16)) >>> 0
}

/** Open addressing with linear probing; the pair 0, 0 marks a free slot. */
class Page {
  #words = new Uint32Array(firstSlots * 2)
  #used = 0

  has(low: number, high: number): boolean {
    const slot = this.#find(this.#words, low, high || 1)
    return this.#words[slot + 1] !== 0
  }

  add(low: number, high: number): boolean {
    if (this.has(low, high)) return false
    if (this.#used * 4 >= this.#words.length) this.#grow()
    this.#set(this.#words, low, high || 1)
    this.#used += 1
    return true
  }

  /** Index of the pair, or of the free slot where it belongs. */
  #find(words: Uint32Array, low: number, high: number): number {
    const mask = words.length - 1
    let slot = (low << 1) & mask
    while (words[slot + 1] !== 0 && !(words[slot] === low && words[slot + 1] === high)) slot = (slot + 2) & mask
    return slot
  }

  #set(words: Uint32Array, low: number, high: number): void {
    const slot = this.#find(words, low, high)
    words[slot] = low
    words[slot + 1] = high
  }

  #grow(): void {
    const larger = new Uint32Array(this.#words.length * 2)
    for (let slot = 0; slot < this.#words.length; slot += 2) {
      if (this.#words[slot + 1] !== 0) this.#set(larger, this.#words[slot]!, this.#words[slot + 1]!)
    }
    this.#words = larger
  }
}
