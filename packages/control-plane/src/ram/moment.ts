const isoText = /^\d{4}-\d\d-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/

const minuteMs = 60_000

/**
 * Wall-clock milliseconds of an ISO 8601 time with its offset, `2026-01-01T00:00:00+08:00` or `…Z`, as RAM's examples
 * have it; undefined for any other text and for a day that no month has.
 */
export function parseMoment(text: string): number | undefined {
  const [, day, , sign, hours, minutes] = isoText.exec(text) ?? []
  if (day === undefined) return undefined
  const at = Date.parse(text)
  const aheadMs = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * minuteMs * (sign === '-' ? -1 : 1)
  // Date.parse takes February 30 for March 2
  return !Number.isNaN(at) && new Date(at + aheadMs).getUTCDate() === Number(day) ? at : undefined
}

/** A moment as a policy would write it, to the second. */
export function momentText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`
}
