import { setImmediate as nextTurn } from 'node:timers/promises'
import { systemClock } from '@apsaramq/model'
import { advance, Device, Operator, type Guest } from './actors.ts'
import { publishOf } from './device-client.ts'
import { observer, type History } from './history.ts'
import { delayMs, type Actor, type Plan } from './plan.ts'
import type { World } from './world.ts'
import { setUp } from './writes.ts'

/** How long a history may take until it counts as one that hangs. */
const deadlineMs = 20_000

/** Runs the actors of a plan at once and tells what happened. @throws when it does not come to an end */
export async function runPlan(world: World, plan: Plan): Promise<History> {
  let cancel = nothing
  const guests: Guest[] = []
  const hangs = new Promise<never>((_, reject) => {
    cancel = systemClock.after(deadlineMs, () => reject(new HangingError(world.recorder.finish())))
  })
  try {
    return await Promise.race([runToEnd(world, plan, guests), hangs])
  } finally {
    cancel()
  }
}

/** A history that does not end: somebody waits for something that never comes. */
export class HangingError extends Error {
  override readonly name = 'HangingError'
  readonly history: History

  constructor(history: History) {
    super(`after ${deadlineMs} ms somebody still waits`)
    this.history = history
  }
}

async function runToEnd(world: World, plan: Plan, guests: Guest[]): Promise<History> {
  const { recorder, pace, fixture } = world
  pace.turns = []
  await setUp(world, plan)
  recorder.begin(fixture.clock.now())
  pace.turns = plan.pace
  const first = new Map<string, number>()
  plan.actors.forEach((actor, at) => {
    if (actor.kind === 'device' && !first.has(actor.certificate)) first.set(actor.certificate, at)
  })
  await Promise.all(plan.actors.map((actor, at) => act(world, actor, at, first, guests)))
  await settle(world, guests)
  return recorder.finish()
}

/** One actor of each certificate may use the client id that all share: so it is always known whose it is. */
function act(world: World, actor: Actor, at: number, first: ReadonlyMap<string, number>, guests: Guest[]) {
  const name = `h${world.histories}-${at}`
  if (actor.kind === 'operator') return new Operator(world, name, guests).run(actor.steps)
  const shared = `GID_demo@@@h${world.histories}`
  const sharedId = first.get(actor.certificate) === at ? shared : `GID_demo@@@${name}`
  return new Device(world, name, actor.certificate, sharedId, guests).run(actor.steps)
}

/** Lets everything that is under way come to its end, looks at who is alive, and sends everybody home. */
async function settle(world: World, guests: readonly Guest[]): Promise<void> {
  const { pace, recorder, fixture } = world
  pace.turns = []
  await until(() => pace.pending === 0)
  if (recorder.setting.liveSessions.kind === 'delay') {
    advance(world, delayMs)
    await until(() => pace.pending === 0)
  }
  for (const { client, attempt } of guests) {
    if (attempt.left === undefined && (await client.ping())) attempt.alive = recorder.tick()
  }
  for (const { client, attempt } of guests) {
    attempt.left ??= client.isClosed ? undefined : recorder.tick()
    if (!client.isClosed) client.leave('disconnect')
  }
  await Promise.all(guests.map(({ client }) => client.closed))
  await until(() => recorder.ended >= guests.length)
  await until(() => fixture.store.sessions.count() === 1)
  const marker = `marker ${world.histories}`
  recorder.message({
    name: marker,
    attempt: observer,
    kind: 'qos0',
    written: 0,
    notBefore: 0,
    acked: undefined,
    heard: [],
  })
  world.observer.send(publishOf(marker, 1, world.observer.nextId()))
  await until(() => recorder.hasHeard(marker, observer))
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn()
}

function nothing(): void {}
