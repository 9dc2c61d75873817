import type { Rule } from './check.ts'
import type { Attempt, History, Step } from './history.ts'
import { answerTo, refuses, stepAt, stepsWithin } from './standings.ts'

/** Who may come in, and who must. */
export const admissionRules: readonly Rule[] = [
  { name: 'a commit lies between its call and its answer', broken: commitsOutside },
  { name: 'only an active certificate is admitted', broken: wronglyAdmitted },
  { name: 'an active certificate is always admitted', broken: wronglyRefused },
  { name: 'a refusal names what was so at the time', broken: wrongCauses },
  { name: 'a refused client is told as the setting says', broken: wronglyTold },
  { name: 'only an unknown certificate of an active CA is registered', broken: wronglyRegistered },
  { name: 'what was deleted comes back with a warning', broken: ({ unwarned }) => unwarned.map(unwarnedText) },
  { name: 'every end in the log is that of an attempt', broken: ({ strays }) => strays },
]

function commitsOutside({ certificates, writes }: History): string[] {
  return Object.values(certificates)
    .flat()
    .flatMap(({ at, by }) => {
      const write = writes.find(({ name }) => name === by)
      if (!write || (write.call < at && at < write.answer)) return []
      return [`${by} was committed at ${at}, called at ${write.call} and answered at ${write.answer}`]
    })
}

function wronglyAdmitted({ attempts, certificates, setting }: History): string[] {
  return attempts.flatMap(({ name, certificate, outcome, session }) => {
    if (!session) return outcome === 'admitted' ? [`${name} got a CONNACK and has no session`] : []
    const { at, standing } = stepAt(certificates[certificate]!, session.begun)
    const answer = answerTo(standing, setting)
    if (answer === 'admit') return []
    return [`${name} was admitted at ${session.begun}, where ${certificate} comes to ${answer} since ${at}`]
  })
}

function wronglyRefused({ attempts, certificates, setting }: History): string[] {
  return attempts.flatMap(({ name, certificate, outcome, session, call, end }) => {
    if (outcome !== 'refused' || session) return []
    const steps = stepsWithin(certificates[certificate]!, call, end ?? Infinity)
    if (steps.some(({ standing }) => refuses(answerTo(standing, setting)))) return []
    return [`${name} was refused between ${call} and ${end}, where ${certificate} was never kept out`]
  })
}

function wrongCauses({ attempts, certificates, setting }: History): string[] {
  return attempts.flatMap(({ name, certificate, outcome, session, call, logged }) => {
    if (outcome === 'admitted' || session || logged?.kind === 'disconnect') return []
    if (!logged) return [`${name} was refused and the log does not say why`]
    const answers = stepsWithin(certificates[certificate]!, call, logged.at).map(({ standing }) =>
      answerTo(standing, setting),
    )
    if (answers.some((answer) => answer === logged.cause)) return []
    return [`${name} was refused at ${logged.at} for ${logged.cause}, where ${certificate} comes to ${answers.join()}`]
  })
}

function wronglyTold({ attempts, setting: { rejectAt } }: History): string[] {
  return attempts.flatMap(({ name, outcome, session, connack, logged }) => {
    if (outcome !== 'refused' || session) return []
    const isTold = connack !== undefined
    const mustBe = rejectAt === 'connack' && (logged?.named ?? false)
    return isTold === mustBe ? [] : [`${name} was refused ${isTold ? 'with' : 'without'} a CONNACK under ${rejectAt}`]
  })
}

function wronglyRegistered({ attempts, certificates, setting }: History): string[] {
  return Object.entries(certificates).flatMap(([certificate, steps]) =>
    steps.slice(1).flatMap((step, index) => {
      if (step.by !== undefined || step.standing.device === undefined) return []
      const answer = answerTo(steps[index]!.standing, setting)
      if (answer !== 'register') return [`${certificate} was registered at ${step.at}, where it comes to ${answer}`]
      return attempts.some((attempt) => isBehind(attempt, certificate, step))
        ? []
        : [`${certificate} was registered at ${step.at}, and nobody was connecting`]
    }),
  )
}

function isBehind({ certificate, call, end }: Attempt, registered: string, { at }: Step): boolean {
  return certificate === registered && call < at && at < (end ?? Infinity)
}

function unwarnedText({ certificate, at }: History['unwarned'][number]): string {
  return `${certificate}, deleted before, was registered again at ${at} without a warning`
}
