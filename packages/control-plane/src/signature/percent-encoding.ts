const unreserved = /^[A-Za-z0-9\-_.~]*$/
const leftByEncodeUriComponent = /[!'()*]/g

const escape = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`

/**
 * RFC 3986 percent-encoding as both signatures want it: UTF-8, upper-case hex, only `A-Za-z0-9-_.~` untouched.
 *
 * @throws {URIError} on a lone surrogate, which no decoded request contains
 */
export function percentEncode(text: string): string {
  if (unreserved.test(text)) return text
  return encodeURIComponent(text).replace(leftByEncodeUriComponent, escape)
}
