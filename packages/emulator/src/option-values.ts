import type { LiveSessionPolicy } from '@apsaramq/broker'
import type { ThrottleMode } from '@apsaramq/control-plane'
import type { Edition } from '@apsaramq/model'

/** A port, `off` for none, or `auto`: the usual one, or any free one where that is taken or the others are free ones. */
export type ListenPort = number | 'auto' | 'off'

/** What becomes of the calls of a source address above so many a second. */
export interface SourceIpLimit {
  mode: ThrottleMode
  limit: number
}

/** The documented one. */
export const documentedSourceIpLimit = 300

const portText = /^\d{1,5}$/

/** Reads a port; 0 is any free one. */
export function port(text: string): number {
  const value = Number(text)
  if (!portText.test(text) || value > 65_535) throw new Error('is no port: a number from 0 (any free port) to 65535')
  return value
}

/** Reads a port, `auto` or `off`. */
export function listenPort(text: string): ListenPort {
  if (text === 'auto' || text === 'off') return text
  try {
    return port(text)
  } catch {
    throw new Error('is none of auto, off, a number from 0 (any free port) to 65535')
  }
}

/** Reads a whole number from 1. */
export function positive(text: string): number {
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text) || value < 1) throw new Error('is no limit: a whole number from 1 to 999999999')
  return value
}

/** Reads a whole number of seconds. */
export function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error('is no time: a whole number of seconds, 0 for no limit')
  return Number(text)
}

/** Reads `platinum` or `platinum,professional`. */
export function parseEditions(text: string): Edition[] {
  const known: readonly Edition[] = ['platinum', 'professional']
  const named = text.split(',').map((name) => name.trim())
  const wrong = named.find((name) => !known.some((edition) => edition === name))
  if (wrong !== undefined) throw new Error(`has "${wrong}", which is none of ${known.join(', ')}`)
  return known.filter((edition) => named.includes(edition))
}

/** Reads one of so many words. */
export function oneOf<T extends string>(...allowed: T[]) {
  return (text: string): T => {
    const found = allowed.find((value) => value === text)
    if (!found) throw new Error(`is none of ${allowed.join(', ')}`)
    return found
  }
}

/** Reads `true` or `false`. */
export function truth(text: string): boolean {
  return oneOf('true', 'false')(text) === 'true'
}

/** Reads a text that is not empty. */
export function anyText(text: string): string {
  if (text === '') throw new Error('is empty')
  return text
}

/** Reads the id of a region. */
export function region(text: string): string {
  if (!/^[a-z0-9-]{1,32}$/.test(text)) throw new Error('is no region id: small letters, digits and hyphens')
  return text
}

/** Reads `drop`, `keep`, `delay:MS` or `delay:MS,JITTER`. */
export function parseLiveSessions(text: string): LiveSessionPolicy {
  if (text === 'drop' || text === 'keep') return { kind: text }
  const delay = /^delay:(\d{1,9})(?:,(\d{1,9}))?$/.exec(text)
  if (!delay) throw new Error('is none of drop, keep, delay:MILLISECONDS, delay:MILLISECONDS,JITTER')
  const [, delayMs, jitterMs] = delay
  return { kind: 'delay', delayMs: Number(delayMs), ...(jitterMs !== undefined && { jitterMs: Number(jitterMs) }) }
}

/** Reads `off`, `warn`, `warn:N`, `enforce` or `enforce:N`. */
export function parseSourceIpLimit(text: string): SourceIpLimit {
  const limit = documentedSourceIpLimit
  if (text === 'off' || text === 'warn' || text === 'enforce') return { mode: text, limit }
  const own = /^(warn|enforce):(\d{1,9})$/.exec(text)
  if (own && Number(own[2]) > 0) return { mode: own[1] === 'warn' ? 'warn' : 'enforce', limit: Number(own[2]) }
  throw new Error(
    'is none of off, warn, enforce, warn:N, enforce:N with a whole number of calls a second from 1 to 999999999',
  )
}

/** Writes what {@link parseSourceIpLimit} reads. */
export function sourceIpLimitText({ mode, limit }: SourceIpLimit): string {
  return limit === documentedSourceIpLimit ? mode : `${mode}:${limit}`
}

const hostNameText = /^[A-Za-z0-9*]([A-Za-z0-9.:*-]{0,252})$/

/** Reads host names and addresses, separated by commas. */
export function names(text: string): string[] {
  const list = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  const wrong = list.find((name) => !hostNameText.test(name))
  if (wrong !== undefined) throw new Error(`has ${wrong}, which is no host name or address`)
  return list
}
