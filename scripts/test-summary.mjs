/**
 * Prints "N passed, N failed" for the vitest reports in a folder, and the exit code of what made them. A file that could not be
 * loaded counts as a failed test, and so does a run that failed for another reason than a test.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

function countsOf(report) {
  const unloaded = report.testResults.filter(({ status, assertionResults }) => {
    return status === 'failed' && !assertionResults.some((test) => test.status === 'failed')
  })
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length }
}

const [folder = '.', exitCode = '0'] = process.argv.slice(2)
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
const counts = files.map((name) => countsOf(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
const sum = (which) => counts.reduce((total, count) => total + count[which], 0)
const failed = sum('failed') || (exitCode === '0' ? 0 : 1)
console.log(`${sum('passed')} passed, ${failed} failed`)
