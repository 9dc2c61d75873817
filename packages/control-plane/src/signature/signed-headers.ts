/** The names of a `SignedHeaders` list: in its order, and to look one up. */
export interface SignedHeaders {
  readonly inOrder: readonly string[]
  readonly all: ReadonlySet<string>
}

/** Clients of one kind send one list: a few are enough. */
const maxRemembered = 64
const maxRememberedLength = 1_024

const remembered = new Map<string, SignedHeaders>()

/** Reads `host;x-acs-action;…`; lists that come again are not taken apart again. */
export function signedHeadersOf(text: string): SignedHeaders {
  const known = remembered.get(text)
  if (known) return known
  if (text.length > maxRememberedLength) return read(text)
  const own = Buffer.from(text).toString() // or the piece of a header would hold all of that in memory
  const names = read(own)
  if (remembered.size >= maxRemembered) remembered.clear()
  remembered.set(own, names)
  return names
}

function read(text: string): SignedHeaders {
  const inOrder = text.split(';')
  return { inOrder, all: new Set(inOrder) }
}
