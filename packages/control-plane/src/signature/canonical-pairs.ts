import type { Parameters } from './form-parameters.ts'
import { percentEncode } from './percent-encoding.ts'

/** `name=value` pairs sorted by name, then by value, each half percent-encoded, joined with `&`. */
export function canonicalPairs(parameters: Parameters, leaveOut?: string): string {
  let text = ''
  for (const name of Object.keys(parameters).sort()) {
    if (name === leaveOut) continue
    const value = parameters[name]!
    const encodedName = percentEncode(name)
    if (typeof value === 'string') text += `&${encodedName}=${percentEncode(value)}`
    else for (const one of value) text += `&${encodedName}=${percentEncode(one)}`
  }
  return text.slice(1)
}
