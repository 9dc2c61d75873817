import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { Report } from './lib/compare.ts'

const root = join(import.meta.dirname, '..') // where tsx is found
const command = ['--import', 'tsx', join(import.meta.dirname, 'main.ts')]

/** How the bench ends. */
async function bench(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [...command, ...args], { cwd: root })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string } // of a process that ended
    return { code, stdout, stderr }
  }
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'apsaramq-bench-test-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A figure in milliseconds, calls a second or bytes: whatever it is, it was measured. */
function holdsFigures(figures: unknown): boolean {
  return JSON.stringify(figures).match(/[1-9]/) !== null
}

/** The scenarios in their order, with what each measures. */
const expected = [
  ...['P2', 'P3', 'P3', 'P12'].map((id) => `throttle ${id}`),
  'api P1',
  ...['P12', 'P12'].map((id) => `both-planes ${id}`),
  'connect P4',
  ...['P5', 'P5', 'P5b'].map((id) => `revoke ${id}`),
  'messages P9',
  'single-messages P11',
  'slow-subscriber P10',
  'store P8',
  'memory P7',
  'endurance P7',
]

test(
  'D8: every scenario of the bench runs and leaves its figures, goals and pictures as JSON and as a page; how good they are is no matter of a test',
  { timeout: 900_000 }, // a deadline for what hangs: it takes a minute, on a busy machine three
  async () => {
    const file = join(await folder(), 'figures.json')
    const { code, stdout, stderr } = await bench('all', '--smoke', '--out', file)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const report = JSON.parse(await readFile(file, 'utf8')) as Report
    expect(report.format).toBe(2)
    expect(report.measures.map(({ scenario, id }) => `${scenario} ${id}`)).toEqual(expected)
    const page = await readFile(file.replace('.json', '.html'), 'utf8')
    for (const { id, figures, table, goals, charts = [] } of report.measures) {
      expect({ id, measured: holdsFigures(figures), goals: goals.length > 0 }).toEqual({
        id,
        measured: true,
        goals: true,
      })
      expect(table.rows.map((row) => row.length)).toEqual(table.rows.map(() => table.columns.length))
      expect(stdout).toContain(`### ${id} `)
      for (const { title } of charts) expect(page).toContain(`<figcaption>${title}`)
    }
    expect(page).not.toMatch(/https?:|\bsrc=|<script|<link|url\(|@import|NaN|Infinity|undefined/)
    // what the throttle did is exact on any machine
    const ofThrottle = report.measures.filter(({ scenario }) => scenario === 'throttle').flatMap(({ goals }) => goals)
    const exact = ofThrottle.filter(({ goal }) =>
      /in any second|window had room|window's edge|loses nothing/.test(goal),
    )
    expect(exact.map(({ reached }) => reached)).toEqual(Array.from({ length: 10 }, () => true))
  },
)

test('D8: what the bench cannot do ends with 2 and one sentence before anything is measured', async () => {
  const { code, stdout, stderr } = await bench('throttle', '--compare', 'bench/package.json')
  const sentence = '--compare bench/package.json is no report of the bench: it has no format and measures\n'
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: sentence })
})
