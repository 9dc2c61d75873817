import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { DemoReport } from './demo.ts'
import { deviations } from './story.ts'
import type { TimelineEvent } from './timeline.ts'

const root = join(import.meta.dirname, '../../..') // where tsx is found
const main = join(import.meta.dirname, 'main.ts')

async function runDemo(): Promise<{ printed: string; report: DemoReport }> {
  const folder = await mkdtemp(join(tmpdir(), 'apsaramq-demo-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'timeline.json')
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', main, '--out', file], {
    cwd: root,
  })
  return { printed: stdout, report: JSON.parse(await readFile(file, 'utf8')) as DemoReport }
}

const at = (event: string, atMs: number): TimelineEvent => ({ event, atMs, at: '', detail: '' })

/** Names of the events, each once, at its first moment. */
const firsts = (events: readonly TimelineEvent[]) => [...new Set(events.map(({ event }) => event))]

/** The close and the answer race to their readers, so a list of firsts leaves one of them out. */
const without = (names: string[], ...left: string[]) => names.filter((name) => !left.includes(name))

test('C13: the stored timeline tells the revocation of a live device in order, with its times', async () => {
  const { printed, report } = await runDemo()
  expect(report.acts.map(({ act, policy, problems }) => ({ act, policy, problems }))).toEqual([
    { act: 'revoked', policy: 'drop', problems: [] },
    { act: 'resurrected', policy: 'drop', problems: [] },
    { act: 'kept', policy: 'keep', problems: [] },
    { act: 'kept-and-kicked', policy: 'keep', problems: [] },
  ])
  const [revoked, resurrected, kept, kicked] = report.acts.map(({ events }) => firsts(events))
  const raced = ['inactivation-sent', 'inactivation-answered', 'last-packet']
  const inAndOut = ['device-issued', 'connected', 'first-packet', 'close-seen', 'refused', 'explained']
  const back = ['reactivation-answered', 'recovered', 'packet-after-recovery']
  expect(without(revoked!, ...raced)).toEqual([...inAndOut, ...back])
  // C15: deletion is no revocation
  expect(without(resurrected!, ...raced)).toEqual([...inAndOut, 'deletion-answered', 'recovered', 'resurrected'])
  const livesOn = ['packet-after-inactivation', 'newcomer-refused', 'packet-after-newcomer', 'link-cut']
  expect(without(kept!, ...raced)).toEqual([...inAndOut.slice(0, 3), ...livesOn, ...inAndOut.slice(3), ...back])
  expect(without(kicked!, ...raced, 'kick-answered', 'close-seen')).toEqual([
    ...inAndOut.slice(0, 3),
    'packet-after-inactivation',
    'refused',
    'explained',
    ...back,
  ])
  expect(report.acts.map(({ figures }) => figures.refusals >= 3)).toEqual([true, true, true, true])
  expect(printed).toContain('WARNING: deleting the record let an inactivated device back in')
})

test('a story is not as told when an event is missing or comes too early', () => {
  const events = [at('connected', 1), at('recovered', 2), at('close-seen', 3)]
  expect(deviations(events, [['connected', 'close-seen', 'recovered'], ['refused']])).toEqual([
    'recovered came before close-seen',
    'refused did not happen',
  ])
})
