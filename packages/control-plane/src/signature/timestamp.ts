const v1Text = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const v3Text = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/

/** How far the time of a request may be from the clock, both ways, in milliseconds (15 minutes). */
export const maxClockSkewMs = 15 * 60 * 1000

/** The latest right text of each form and what it said: the calls of one second all have the same. */
const latest = new Map<RegExp, { text: string; at: number }>()

function parseExact(text: string, form: RegExp): number | undefined {
  const known = latest.get(form)
  if (known?.text === text) return known.at
  const at = parseAnew(text, form)
  if (at !== undefined) latest.set(form, { text, at })
  return at
}

function parseAnew(text: string, form: RegExp): number | undefined {
  if (!form.test(text)) return undefined
  const at = Date.parse(text)
  if (Number.isNaN(at)) return undefined
  // Date.parse takes February 30 for March 2, and 24:00 for the next day
  return new Date(at).getUTCDate() === Number(text.slice(8, 10)) ? at : undefined
}

/** Milliseconds of the V1 parameter `Timestamp`, `yyyy-MM-ddTHH:mm:ssZ` and nothing else; undefined when it is not that. */
export function parseV1Timestamp(text: string): number | undefined {
  return parseExact(text, v1Text)
}

/** Milliseconds of the V3 header `x-acs-date`, ISO 8601 in UTC; undefined when it is not that. */
export function parseV3Date(text: string): number | undefined {
  return parseExact(text, v3Text)
}
