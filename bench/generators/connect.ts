import type { SecureContext, SecureVersion, TLSSocket } from 'node:tls'
import { answerParent } from '../lib/child.ts'
import {
  connectBytes,
  dial,
  disconnectBytes,
  isAccepted,
  secureContextOf,
  type Broker,
  type Identity,
} from '../lib/mqtt-session.ts'
import { meterOf, type Usage } from '../lib/processor.ts'
import { latenciesOf, type Latencies } from '../lib/statistics.ts'

/** What the generator is to do. */
export interface ConnectOrder {
  broker: Broker
  /** Each has at most one connection at a time. */
  devices: Identity[]
  version: SecureVersion
  /** Connections under way at once. */
  parallel: number
  seconds: number
  /** Ends after so many attempts, if the seconds are not over before. */
  attempts?: number
  /** Resume the TLS session of the device's connection before. */
  resume: boolean
}

/** Connections that were opened, accepted and ended. */
export interface ConnectResult {
  perSecond: number
  /** From opening the TCP connection to CONNACK, milliseconds. */
  latencies: Latencies
  refused: number
  resumed: number
  generator: Usage | undefined
}

interface Caller {
  identity: Identity
  context: SecureContext
  connect: Buffer
  session: Buffer | undefined
}

interface Attempt {
  accepted: boolean
  resumed: boolean
  latency: number
}

function remember(caller: Caller, socket: TLSSocket): void {
  socket.once('session', (session) => {
    caller.session ??= session // a ticket is good for many resumptions: the first one is kept
  })
}

/** One connection from SYN to its end. */
function attempt(order: ConnectOrder, caller: Caller): Promise<Attempt> {
  const beganAt = performance.now()
  const socket = dial(order.broker, caller.context, caller.connect, order.resume ? caller.session : undefined)
  if (order.resume) remember(caller, socket)
  const outcome: Attempt = { accepted: false, resumed: false, latency: Number.NaN }
  socket.once('data', (chunk: Buffer) => {
    Object.assign(outcome, { accepted: isAccepted(chunk), latency: performance.now() - beganAt })
    outcome.resumed = socket.isSessionReused()
    socket.end(disconnectBytes)
  })
  return new Promise((resolve) => {
    socket.on('error', () => socket.destroy()) // counted as refused, unless it comes after the CONNACK
    socket.once('close', () => resolve(outcome))
  })
}

/** Attempts that may still be made, of all slots together. */
interface Budget {
  left: number
  endAt: number
}

async function call(order: ConnectOrder, callers: readonly Caller[], budget: Budget, attempts: Attempt[]) {
  for (let at = 0; budget.left > 0 && performance.now() < budget.endAt; at += 1) {
    budget.left -= 1
    attempts.push(await attempt(order, callers[at % callers.length]!))
  }
}

answerParent(async (order: ConnectOrder): Promise<ConnectResult> => {
  const { devices, broker, version, parallel, seconds } = order
  const callers = devices.map((identity): Caller => {
    const context = secureContextOf(identity, broker.ca, version)
    return { identity, context, connect: connectBytes(identity.clientId), session: undefined }
  })
  if (order.resume) for (const caller of callers) await attempt(order, caller) // a full handshake earns the ticket
  const attempts: Attempt[] = []
  const beganAt = performance.now()
  const meter = meterOf(process.pid)
  const slots = Array.from({ length: parallel }, (_, slot) => callers.filter((_caller, at) => at % parallel === slot))
  const budget = { left: order.attempts ?? Infinity, endAt: beganAt + seconds * 1_000 }
  await Promise.all(slots.map((own) => call(order, own, budget, attempts)))
  const accepted = attempts.filter((one) => one.accepted)
  return {
    perSecond: accepted.length / ((performance.now() - beganAt) / 1_000),
    latencies: latenciesOf(accepted.map(({ latency }) => latency)),
    refused: attempts.length - accepted.length,
    resumed: accepted.filter((one) => one.resumed).length,
    generator: meter(),
  }
})
