import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const root = join(import.meta.dirname, '..') // where tsx is found

/** A figure in milliseconds, calls a second or bytes: whatever it is, it was measured. */
function holdsFigures(figures: unknown): boolean {
  return JSON.stringify(figures).match(/[1-9]/) !== null
}

test(
  'D8: every scenario of the bench runs and leaves its figures and goals as JSON; how good they are is no matter of a test',
  { timeout: 900_000 }, // a deadline for what hangs: it takes a minute or two, on a busy machine five
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'apsaramq-bench-test-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'figures.json')
    const bench = ['--import', 'tsx', join(import.meta.dirname, 'main.ts'), 'all', '--smoke', '--out', file]
    const { stdout } = await promisify(execFile)(process.execPath, bench, { cwd: root })
    const report = JSON.parse(await readFile(file, 'utf8')) as {
      format: number
      measures: { id: string; figures: unknown; table: { columns: string[]; rows: unknown[][] }; goals: object[] }[]
    }
    expect(report.format).toBe(1)
    const ids = ['P1', 'P2', 'P3', 'P4', 'P9', 'P10', 'P11', 'P12', 'P12', 'P5', 'P5', 'P5b', 'P8', 'P7', 'P7']
    expect(report.measures.map(({ id }) => id)).toEqual(ids)
    for (const { id, figures, table, goals } of report.measures) {
      expect({ id, measured: holdsFigures(figures), goals: goals.length > 0 }).toEqual({
        id,
        measured: true,
        goals: true,
      })
      expect(table.rows.map((row) => row.length)).toEqual(table.rows.map(() => table.columns.length))
      expect(stdout).toContain(`### ${id} `)
    }
  },
)
