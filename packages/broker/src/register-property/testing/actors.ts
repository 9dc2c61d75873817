import { setImmediate as nextTurn } from 'node:timers/promises'
import { connectOf, DeviceClient, publishOf, subscribeOf } from './device-client.ts'
import type { Attempt, Message } from './history.ts'
import { openLine, type Line } from './line.ts'
import type { CertificateName, DeviceStep, OperatorStep } from './plan.ts'
import type { World } from './world.ts'
import { writeOf, type WriteStep } from './writes.ts'

/** A connection of an actor and the attempt that it came of. */
export interface Guest {
  client: DeviceClient
  attempt: Attempt
}

type Connecting = Extract<DeviceStep, { do: 'connect' | 'abandon' }>

/** Waits some turns of the event loop. */
export async function turnsOf(count: number): Promise<void> {
  for (let turns = count; turns > 0; turns -= 1) await nextTurn()
}

/** Changes something, from its call to its answer. */
export async function write(world: World, guests: readonly Guest[], name: string, step: WriteStep): Promise<void> {
  const { recorder, fixture, sockets } = world
  const call = recorder.tick()
  const by = { at: fixture.clock.now(), accessKeyId: 'LTAItest', requestId: name }
  await fixture.store.transact(writeOf(world, step, by))
  const answer = recorder.tick()
  // a live MQTT 5 client is told why, and that takes a while
  const isAtOnce = ({ client: { level }, attempt: { session } }: Guest) => level < 5 || session === undefined
  const isOpen = ({ client: { port } }: Guest) => port !== undefined && sockets.isOpen(port)
  recorder.write({
    name,
    call,
    answer,
    sessions: fixture.store.sessions.list('all').map(({ id }) => id),
    sockets: guests.filter((guest) => isAtOnce(guest) && isOpen(guest)).map(({ attempt }) => attempt.name),
  })
}

/** Somebody with an access key. */
export class Operator {
  readonly #world: World
  readonly #name: string
  readonly #guests: readonly Guest[]

  /** @param guests every connection of the history, for a look at their sockets */
  constructor(world: World, name: string, guests: readonly Guest[]) {
    this.#world = world
    this.#name = name
    this.#guests = guests
  }

  async run(steps: readonly OperatorStep[]): Promise<void> {
    for (const [at, step] of steps.entries()) {
      await turnsOf(step.turns)
      const certificate = await this.#lieInWait(step)
      if (step.do === 'advance') advance(this.#world, step.ms)
      else await write(this.#world, this.#guests, `${this.#name}.${at} ${step.do}`, aimedAt(step, certificate))
    }
  }

  /** Resolves when what it waits for has happened, or has not for a while. */
  async #lieInWait({ ambush }: OperatorStep): Promise<CertificateName | undefined> {
    const { pace, onHandshake } = this.#world
    if (ambush === 'none') return undefined
    const found = new Promise<CertificateName | undefined>((resolve) => {
      if (ambush === 'handshake') onHandshake.push(resolve)
      else pace.onRead.push(() => resolve(undefined))
    })
    return Promise.race([found, turnsOf(maxAmbushTurns).then(() => undefined)])
  }
}

/** The same, of another certificate where one was found. */
function aimedAt(step: WriteStep, certificate: CertificateName | undefined): WriteStep {
  return certificate && 'certificate' in step ? { ...step, certificate } : step
}

const maxAmbushTurns = 60

/** Moves the time of the broker. */
export function advance({ recorder, fixture }: World, ms: number): void {
  recorder.time(fixture.clock.now() + ms)
  fixture.clock.advance(ms)
}

/** A program on a device, which does one thing after another. */
export class Device {
  readonly #world: World
  readonly #name: string
  readonly #certificate: CertificateName
  readonly #sharedId: string
  readonly #guests: Guest[]
  readonly #own: Guest[] = []
  #step = 0

  constructor(world: World, name: string, certificate: CertificateName, sharedId: string, guests: Guest[]) {
    this.#world = world
    this.#name = name
    this.#certificate = certificate
    this.#sharedId = sharedId
    this.#guests = guests
  }

  async run(steps: readonly DeviceStep[]): Promise<void> {
    for (const step of steps) {
      this.#step += 1
      await this.#do(step)
    }
  }

  async #do(step: DeviceStep): Promise<void> {
    if (step.do === 'pause') return turnsOf(step.turns)
    if ('via' in step) return this.#connect(step)
    const guest = this.#own.findLast(({ client, attempt }) => !client.isClosed && attempt.left === undefined)
    if (guest) await this.#use(guest, step)
  }

  async #use(guest: Guest, step: Exclude<DeviceStep, Connecting | { do: 'pause' }>): Promise<void> {
    if (step.do === 'publish') return this.#publish(guest, step)
    if (step.do === 'subscribe') return this.#subscribe(guest)
    if (step.do === 'publish and be inactivated') return this.#publishAtTheLine(guest)
    guest.attempt.left = this.#world.recorder.tick()
    guest.client.leave(step.how)
  }

  async #connect(step: Connecting): Promise<void> {
    const attempt = this.#newAttempt(step)
    this.#world.recorder.attempt(attempt)
    const line = await openLine(this.#world, this.#world.tickets, this.#world.devices[this.#certificate], step.via)
    const guest = { attempt, client: this.#clientOn(line, attempt, step) }
    this.#guests.push(guest)
    this.#own.push(guest)
    if (line.isSecured) attempt.secured = this.#world.recorder.tick()
    for (const tell of this.#world.onHandshake.splice(0)) tell(this.#certificate)
    await turnsOf(step.silence)
    await this.#introduce(guest, step)
  }

  #newAttempt({ do: what, via, clientId }: Connecting): Attempt {
    const name = `${this.#name}-${this.#step}`
    const ids = { new: `GID_demo@@@${name}`, same: `GID_demo@@@${this.#name}`, shared: this.#sharedId }
    return {
      name,
      certificate: this.#certificate,
      clientId: what === 'abandon' ? ids.new : ids[clientId],
      via: `${via.over} ${via.tls}${via.resumed ? ' resumed' : ''} mqtt ${via.level}`,
      call: this.#world.recorder.tick(),
      outcome: what === 'abandon' ? 'abandoned' : 'refused',
      ...notYet,
    }
  }

  #clientOn(line: Line, attempt: Attempt, { via }: Connecting): DeviceClient {
    const { recorder } = this.#world
    return new DeviceClient(line, via.level, {
      onAck: (messageId) => recorder.acked(`${attempt.name}/${messageId}`),
      onMessage: (name) => recorder.heard(name, attempt.name),
      onClose: () => {
        attempt.closed = recorder.tick()
      },
    })
  }

  async #introduce({ attempt, client }: Guest, { do: what, via, hasWill, eager }: Connecting): Promise<void> {
    const { recorder } = this.#world
    attempt.connecting = recorder.tick()
    const will = hasWill && via.level === 4 ? `${attempt.name}/will` : undefined
    if (will) recorder.message(this.#message(will, attempt, 'will'))
    const admitted = client.connack()
    const messages = Array.from({ length: eager }, () => this.#say({ attempt, client }, 1))
    client.send(connectOf(attempt.clientId, via.level, will), ...messages)
    if (what === 'abandon') {
      attempt.left = recorder.tick()
      return client.leave('end')
    }
    const code = (await admitted)?.[via.level === 5 ? 'reasonCode' : 'returnCode']
    attempt.connack = code
    attempt.outcome = code === 0 ? 'admitted' : 'refused'
    if (code !== 0) await client.closed
    attempt.end = recorder.tick()
  }

  #message(name: string, attempt: Attempt, kind: Message['kind']): Message {
    const written = this.#world.recorder.tick()
    return { name, attempt: attempt.name, kind, written, notBefore: written, acked: undefined, heard: [] }
  }

  /** Records a message that is about to be written. */
  #say({ attempt, client }: Guest, qos: 0 | 1) {
    const messageId = client.nextId()
    const name = `${attempt.name}/${messageId}`
    this.#world.recorder.message(this.#message(name, attempt, qos === 0 ? 'qos0' : 'qos1'))
    return publishOf(name, qos, messageId)
  }

  async #publish(guest: Guest, step: Extract<DeviceStep, { do: 'publish' }>): Promise<void> {
    const packets = Array.from({ length: step.count }, () => this.#say(guest, step.qos))
    guest.client.send(...packets)
    const ids = packets.map(({ messageId }) => messageId).filter((id) => id !== undefined)
    if (step.isWaiting) await Promise.all(ids.map((id) => guest.client.acknowledged('puback', id)))
  }

  async #subscribe({ client }: Guest): Promise<void> {
    const messageId = client.nextId()
    const done = client.acknowledged('suback', messageId)
    client.send(subscribeOf(messageId))
    await done
  }

  /**
   * Writes, and is inactivated before the event loop turns: the memory store commits in microtasks, so the broker
   * cannot have read what was written.
   */
  async #publishAtTheLine(guest: Guest): Promise<void> {
    const { recorder } = this.#world
    const packet = this.#say(guest, 1)
    const message = recorder.lastMessage()
    guest.client.send(packet)
    const name = `${this.#name}-${this.#step} inactivate`
    await write(this.#world, this.#guests, name, { do: 'inactivate', certificate: this.#certificate })
    message.notBefore = recorder.tick()
  }
}

const notYet = {
  secured: undefined,
  connecting: undefined,
  end: undefined,
  connack: undefined,
  left: undefined,
  closed: undefined,
  alive: undefined,
  session: undefined,
  logged: undefined,
}
