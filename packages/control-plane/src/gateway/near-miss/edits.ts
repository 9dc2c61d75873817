/** How many edits still count as a slip. */
export const maxEdits = 2

function compare(one: string, at: number, other: string, from: number, most: number): number | undefined {
  let i = at
  let j = from
  while (i < one.length && one[i] === other[j]) {
    i += 1
    j += 1
  }
  if (i === one.length && j === other.length) return 0
  if (most === 0) return undefined
  const swapped = one[i] === other[j + 1] && one[i + 1] === other[j]
  const ways = [
    compare(one, i + 1, other, j + 1, most - 1), // another character
    compare(one, i + 1, other, j, most - 1), // one too many
    compare(one, i, other, j + 1, most - 1), // one missing
    swapped ? compare(one, i + 2, other, j + 2, most - 1) : undefined,
  ].filter((edits) => edits !== undefined)
  return ways.length === 0 ? undefined : 1 + Math.min(...ways)
}

/**
 * The edits that make one text of the other: a character replaced, put in, left out, or two neighbors swapped.
 *
 * @returns undefined where it takes more than {@link maxEdits}
 */
export function editsBetween(one: string, other: string): number | undefined {
  if (Math.abs(one.length - other.length) > maxEdits) return undefined
  return compare(one, 0, other, 0, maxEdits)
}
