import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkoutOf } from './source/checkout.test-support.ts'

const passed = { status: 'passed', assertionResults: [{ status: 'passed' }] }
const unloaded = { status: 'failed', assertionResults: [] }

function summaryOf(reports: object[], exitCode = '0'): string {
  const folder = checkoutOf(Object.fromEntries(reports.map((report, at) => [`${at}.json`, JSON.stringify(report)])))
  const script = join(import.meta.dirname, 'test-summary.mjs')
  return spawnSync(process.execPath, [script, folder, exitCode], { encoding: 'utf8' }).stdout
}

test.each([
  [
    'the tests of every report',
    [
      { numPassedTests: 3, numFailedTests: 1, testResults: [passed] },
      { numPassedTests: 2, numFailedTests: 0, testResults: [] },
    ],
    '0',
    '5 passed, 1 failed\n',
  ],
  [
    'a file that could not be loaded',
    [{ numPassedTests: 3, numFailedTests: 0, testResults: [passed, unloaded] }],
    '1',
    '3 passed, 1 failed\n',
  ],
  [
    'a run that failed before its tests',
    [{ numPassedTests: 3, numFailedTests: 0, testResults: [passed] }],
    '1',
    '3 passed, 1 failed\n',
  ],
])('the closing line counts %s', (_what, reports, exitCode, line) => {
  expect(summaryOf(reports, exitCode)).toBe(line)
})
