import type { AedesOptions, AuthorizePublishHandler, AuthorizeSubscribeHandler, Client, ConnectPacket } from 'aedes'
import { maxKeepAliveSeconds, type TouchAssumption } from '@apsaramq/model'
import type { AccessRules, SubscriptionRefusal } from './acl.ts'
import type { AedesClient } from './aedes-inside.ts'
import { serverKeepAliveOf } from './answers/terms.ts'
import type { Connection } from './connection.ts'
import type { SessionIndex } from './sessions.ts'
import { storeFailure } from './store-failure.ts'
import type { Refusal } from './verdict.ts'

/** A connection as aedes' hooks see it. */
export interface Guest {
  connection: Connection
  /** Filters it has subscribed to; undefined before the first. */
  filters: Set<string> | undefined
  /** Whether its will waits for an answer of the rules. */
  isWillAsked?: boolean
}

/** What the hooks ask and tell. */
export interface HookDeps {
  rules: AccessRules
  strict: boolean
  assume: TouchAssumption
  guestOf(client: Client): Guest | undefined
  /** Takes in every subscription that is granted. */
  granted: WeakSet<object>
  /** Told of each will before its topic is asked for, and once it is published or refused. */
  wills: Pick<SessionIndex, 'awaitWill' | 'willSettled'>
  /** A rule was broken: the connection must end. */
  end(guest: Guest, refusal: Refusal): void
  /** A rule was broken that only costs the client what it asked for. */
  warn(guest: Guest, refusal: Refusal): void
}

/** The hooks of aedes that are in use. */
export type Hooks = Required<
  Pick<AedesOptions, 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'>
>

/** The questions aedes asks. Who may connect was decided before it saw the socket: here it is only repeated. */
export function createHooks(deps: HookDeps): Hooks {
  return {
    // an error to refuse, never false: aedes would leave the socket open for ever
    preConnect(client, packet, done) {
      const guest = deps.guestOf(client)
      if (!isAccepted(guest)) return done(notAccepted(), false)
      packet.clientId = guest.connection.admitted!.session.clientId
      if (packet.protocolVersion === 5) adaptTo5(deps, guest, client as AedesClient, packet)
      else if (deps.strict) packet.keepalive = Math.min(packet.keepalive ?? 0, maxKeepAliveSeconds) // 0 is none
      done(null, true)
    },
    authenticate: (client, _username, _password, done) => done(null, isAccepted(deps.guestOf(client))),
    authorizePublish: authorizePublish(deps),
    authorizeSubscribe: authorizeSubscribe(deps),
    authorizeForward: (client, packet) => {
      // vendor: no retained messages in MQTT 5; other clients may have left some. What is published now has a broker
      if (packet.retain && !packet.brokerId && (client as AedesClient).version === 5) return null
      return isAccepted(deps.guestOf(client)) ? packet : null
    },
  }
}

/** vendor: MQTT 5 has no will messages, and the server decides about the keep alive. */
function adaptTo5(deps: HookDeps, guest: Guest, client: AedesClient, packet: ConnectPacket): void {
  if (deps.strict) client._serverKeepAlive = serverKeepAliveOf(packet.keepalive ?? 0)
  if (client._serverKeepAlive !== undefined && packet.keepalive === 0) deps.assume('A-83', packet.clientId)
  if (!packet.will) return
  deps.warn(guest, {
    cause: 'will-not-supported',
    message: `the will to ${packet.will.topic} is left aside`,
  })
  deps.assume('A-81', packet.clientId)
  delete packet.will // LIMITS A-81
}

function authorizePublish(deps: HookDeps): AuthorizePublishHandler {
  return (client, packet, done) => {
    const guest = client ? deps.guestOf(client) : undefined
    if (!guest) return done(notAccepted())
    const { connection } = guest
    if ((client as AedesClient).will === packet) return authorizeWill(deps, guest, packet, done)
    if (connection.ending) return done(notAccepted())
    const answer = deps.rules.publish(connection.admitted!, packet) // a guest has been admitted
    if (answer === undefined) return done(null)
    decide(answer, (refusal) => {
      if (connection.ending) return done(notAccepted())
      if (!refusal) return done(null)
      deps.end(guest, refusal)
      done(new Error(refusal.message))
    })
  }
}

/** A will comes after its connection has ended; one that must not come is taken away, until the last moment. */
function authorizeWill(
  deps: HookDeps,
  guest: Guest,
  will: Parameters<AuthorizePublishHandler>[1],
  done: Parameters<AuthorizePublishHandler>[2],
): void {
  const { connection } = guest
  const { ending } = connection
  guest.isWillAsked = true
  deps.wills.awaitWill(connection)
  decide(deps.rules.publish(connection.admitted!, will), (refusal) => {
    guest.isWillAsked = false
    deps.wills.willSettled(connection)
    if (connection.ending !== ending) return done(notAccepted()) // revoked meanwhile
    if (!refusal) return done(null)
    deps.warn(guest, { ...refusal, message: `will not published: ${refusal.message}` })
    done(new Error(refusal.message))
  })
}

function authorizeSubscribe(deps: HookDeps): AuthorizeSubscribeHandler {
  return (client, subscription, done) => {
    const guest = deps.guestOf(client)
    if (!isAccepted(guest)) return done(notAccepted())
    const { topic, qos } = subscription
    const held = (guest.filters ??= new Set())
    const isNew = !held.has(topic)
    // the client's own SUBSCRIBE is not let through before its CONNACK: what is asked earlier comes of its session
    const isRestored = !(client as AedesClient).connackSent
    const answer = deps.rules.subscribe(guest.connection.admitted!, { topic, qos, held })
    held.add(topic) // its place is taken while the rules are asked
    decide<SubscriptionRefusal>(answer, (refusal) => {
      if (refusal && isNew) held.delete(topic)
      if (guest.connection.ending) return done(notAccepted())
      if (!refusal) {
        held.add(topic) // given up meanwhile
        deps.granted.add(subscription)
        return done(null, subscription)
      }
      // a session that is being restored loses the filter: it would not get past its CONNECT otherwise
      if (!refusal.ends || isRestored) {
        deps.warn(guest, refusal)
        return done(null, null)
      }
      deps.end(guest, refusal)
      done(new Error(refusal.message))
    })
  }
}

function decide<R extends Refusal>(
  answer: R | undefined | Promise<R | undefined>,
  settle: (refusal: (R | (Refusal & { ends: true })) | undefined) => void,
): void {
  if (answer instanceof Promise) answer.then(settle, (error) => settle({ ...storeFailure(error), ends: true }))
  else settle(answer)
}

function isAccepted(guest: Guest | undefined): guest is Guest {
  return guest !== undefined && !guest.connection.ending
}

function notAccepted(): Error {
  return new Error('nothing of this connection is accepted any more')
}
