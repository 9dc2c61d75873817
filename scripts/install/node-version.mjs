/** What is wrong with this version of Node.js, as a sentence with the cure; undefined when it will do. */
export function nodeVersionProblem(version) {
  const [major, minor] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return undefined
  return `This needs Node.js 20.19 or later and runs on ${version}: install a newer one from https://nodejs.org.`
}
