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
  const inOrder = text.split(';')
  const names = { inOrder, all: new Set(inOrder) }
  if (text.length > maxRememberedLength) return names
  if (remembered.size >= maxRemembered) remembered.clear()
  remembered.set(text, names)
  return names
}
