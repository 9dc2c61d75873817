/**
 * Whether `text` matches a RAM pattern: `*` is any run of characters, `?` any one. It goes back to the last `*` only,
 * so it takes at most `pattern.length × text.length` steps, whatever the pattern.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0
  let star = -1
  let resumeAt = 0
  for (let index = 0; index < text.length;) {
    const expected = pattern[at]
    if (expected === '*') {
      star = at
      resumeAt = index
      at += 1
    } else if (expected === '?' || expected === text[index]) {
      at += 1
      index += 1
    } else if (star >= 0) {
      at = star + 1
      resumeAt += 1
      index = resumeAt
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
