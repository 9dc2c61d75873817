import { systemClock, type Clock } from '@apsaramq/model'
import { playAct, type Act, type ActResult } from './act.ts'
import { kept, keptAndKicked } from './acts/kept.ts'
import { resurrected } from './acts/resurrected.ts'
import { revoked } from './acts/revoked.ts'
import { foreignStage, ownStage, type Policy, type Stage } from './stage.ts'

/** What the demo leaves behind. */
export interface DemoReport {
  format: 1
  startedAt: string
  /** Whether every act went as told. */
  asTold: boolean
  acts: ActResult[]
}

/** How the demo is played. */
export interface DemoOptions {
  /** Plays on a running emulator, only the acts of its policy. */
  endpointsFile?: string
  /** The policy of that emulator; drop without a value. */
  policy?: Policy
  /** Told each act as it ends. */
  onAct?(result: ActResult): void
  clock?: Clock
}

/** The acts, in the order they are played. */
export const acts: readonly Act[] = [revoked, resurrected, kept, keptAndKicked]

function stagesOf({ endpointsFile, policy = 'drop' }: DemoOptions): [Policy, () => Stage | Promise<Stage>][] {
  if (endpointsFile !== undefined) return [[policy, () => foreignStage(endpointsFile)]]
  return (['drop', 'keep'] as const).map((own) => [own, () => ownStage(own)])
}

/** Plays the acts; starts an emulator for each policy unless one is given. */
export async function playDemo(options: DemoOptions = {}): Promise<DemoReport> {
  const { clock = systemClock, onAct = () => undefined } = options
  const startedAt = new Date(clock.now()).toISOString()
  const results: ActResult[] = []
  for (const [policy, open] of stagesOf(options)) {
    const stage = await open()
    try {
      for (const act of acts.filter((one) => one.policy === policy)) {
        const result = await playAct(act, stage.endpoints, clock)
        results.push(result)
        onAct(result)
      }
    } finally {
      await stage.close()
    }
  }
  return { format: 1, startedAt, asTold: results.every(({ asTold }) => asTold), acts: results }
}
