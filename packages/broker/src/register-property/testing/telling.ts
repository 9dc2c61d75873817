import type { Attempt, History, Message, Point } from './history.ts'
import type { Failure } from './interleavings.ts'

/** A failure as a person reads it: the rule, the history in its order, the plan, and how to run it again. */
export function tell({ violations, history, plan, path, after }: Failure, seed: number): string {
  return [
    `after ${after} interleavings a rule was broken:`,
    ...violations.map(({ rule, says }) => `  ${rule}: ${says}`),
    `setting ${JSON.stringify(plan.setting)}`,
    ...(history ? linesOf(history) : []),
    `plan ${JSON.stringify(plan)}`,
    `again: npm run interleavings -- --count 100 --seed ${seed} --path ${path}`,
  ].join('\n')
}

type Line = readonly [at: Point | undefined, text: string]

function linesOf(history: History): string[] {
  const lines: Line[] = [
    ...Object.entries(history.certificates).flatMap(([name, steps]) =>
      steps.map(({ at, standing, by }): Line => {
        const { caId, ca, device } = standing
        return [at, `${name}: CA ${ca ?? 'none'} ${caId ?? ''}, device ${device ?? 'none'} (${by ?? 'CONNECT'})`]
      }),
    ),
    ...history.writes.flatMap(({ name, call, answer, sessions, sockets }): Line[] => [
      [call, `${name} called`],
      [answer, `${name} answered; sessions ${sessions.join(' ')}, sockets ${sockets.join(' ')}`],
    ]),
    ...history.clock.map(({ at, now }): Line => [at, `it is ${now}`]),
    ...history.attempts.flatMap(linesOfAttempt),
    ...history.messages.flatMap(linesOfMessage),
  ]
  const known = lines.filter((line): line is readonly [Point, string] => line[0] !== undefined)
  return known.toSorted(([one], [other]) => one - other).map(([at, text]) => `${String(at).padStart(5)}  ${text}`)
}

function linesOfAttempt(attempt: Attempt): Line[] {
  const { name, certificate, clientId, via, session, logged } = attempt
  return [
    [attempt.call, `${name} begins with ${certificate} as ${clientId}, ${via}`],
    [attempt.secured, `${name} is through with TLS`],
    [attempt.connecting, `${name} writes CONNECT`],
    [session?.begun, `${name} has session ${session?.id}`],
    [session?.ended, `${name} has its session no more`],
    [attempt.end, `${name} is ${attempt.outcome}, CONNACK ${attempt.connack ?? 'none'}`],
    [attempt.left, `${name} leaves`],
    [logged?.at, `the log: ${name} ${logged?.kind} ${logged?.cause ?? ''}`],
    [attempt.alive, `${name} is alive`],
    [attempt.closed, `${name} is closed`],
  ]
}

function linesOfMessage({ name, kind, written, notBefore, acked, heard }: Message): Line[] {
  return [
    [written, `${name} is written, ${kind}`],
    [notBefore > written ? notBefore : undefined, `${name} can be accepted from here on`],
    [acked, `${name} is acknowledged`],
    ...heard.map(({ by, at }): Line => [at, `${by} hears ${name}`]),
  ]
}
