import type { ActResult } from './act.ts'
import type { Figures } from './story.ts'

const ms = (value: number) => `${value.toFixed(1)} ms`

function figureLine(figures: Figures): string {
  const { answerToCloseMs, refusals, outageMs, reactivationToRecoveryMs } = figures
  const parts = [
    answerToCloseMs === null ? '' : `answer → close ${ms(answerToCloseMs)}`,
    `refused ${refusals} times`,
    outageMs === null ? '' : `out for ${ms(outageMs)}`,
    reactivationToRecoveryMs === null ? '' : `back ${ms(reactivationToRecoveryMs)} after the reactivation`,
  ]
  return parts.filter(Boolean).join(' · ')
}

/** An act as a table of moments, for a terminal. */
export function describeAct({ act, title, policy, asTold, problems, figures, events }: ActResult): string {
  const width = Math.max(0, ...events.map(({ event }) => event.length))
  const rows = events.map(
    ({ event, atMs, detail }) => `  ${atMs.toFixed(1).padStart(9)} ms  ${event.padEnd(width)}  ${detail}`,
  )
  const verdict = asTold ? ['  as told'] : ['  NOT AS TOLD', ...problems.map((problem) => `    ${problem}`)]
  return [`${act} (--live-sessions ${policy}): ${title}`, ...rows, `  ${figureLine(figures)}`, ...verdict, ''].join(
    '\n',
  )
}
