/**
 * Percent-encodes as both signatures want it (RFC 3986): UTF-8, upper-case hex, `A-Za-z0-9-_.~` left alone.
 *
 * @example percentEncode('a b*') // 'a%20b%2A'
 */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** The pairs as `name=value` joined by `&`, sorted by name in byte order, both halves encoded; an empty value stays as `name=`. */
export function canonicalPairs(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&')
}
