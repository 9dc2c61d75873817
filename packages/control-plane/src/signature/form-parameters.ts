import { parse } from 'node:querystring'

/**
 * Decoded parameters by name, without a prototype, so that `__proto__` is a name like any other. A repeated name
 * has all its values, sorted: their order on the wire is not signed and therefore must not mean anything.
 */
export type Parameters = Record<string, string | string[]>

/** More parameters than any client sends; a body of a million of them would hold up every other caller. */
export const maxParameters = 1000

const beyondAscii = /[^\0-\x7f]/

/**
 * Decodes `application/x-www-form-urlencoded` text as the query and the form have it: `+` is a space, any `%XX` a
 * byte of UTF-8, a name without `=` has an empty value.
 *
 * @param wire one character a byte, as Node gives a URL and `latin1` gives a body
 * @returns undefined when there are more than {@link maxParameters}
 */
export function parseParameters(wire: string): Parameters | undefined {
  const text = beyondAscii.test(wire) ? Buffer.from(wire, 'latin1').toString() : wire
  const parameters = parse(text, '&', '=', { maxKeys: maxParameters + 1 }) as Parameters // no value is undefined
  const names = Object.keys(parameters)
  let count = 0
  for (const name of names) {
    const value = parameters[name]
    if (typeof value === 'string') count += 1
    else if (value) count += value.sort().length
  }
  return count > maxParameters ? undefined : parameters
}

/** Both together; a name in both has the values of both, sorted. */
export function mergeParameters(query: Parameters, form: Parameters): Parameters {
  const merged: Parameters = Object.assign(Object.create(null), query)
  for (const name of Object.keys(form)) {
    const there = merged[name]
    const here = form[name]!
    merged[name] = there === undefined ? here : [there, here].flat().sort()
  }
  return merged
}

/** The value of a parameter that every call has; a repeated one reads as its values joined, which none of them equals. */
export function textOf(parameters: Parameters, name: string): string {
  const value = parameters[name]
  if (value === undefined) return ''
  return typeof value === 'string' ? value : value.join(',')
}
