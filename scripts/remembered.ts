import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sourceFiles } from './source/files.ts'

/** What becomes of a memory when the emulator is reset. */
export type Fate =
  /** Put back by the reset: by whom. */
  | { reset: string }
  /** Outlives it: why. */
  | { outlives: string }
  /** Gone before it, with a call, a connection or a function. */
  | { livesAsLongAs: string }

/**
 * Every file of a running part that makes an empty collection, and so may remember something, with what a reset does
 * about it. The store is not listed: it is what a reset replaces.
 */
export const remembered: Readonly<Record<string, Fate>> = {
  'packages/broker/src/answers/connack-terms.ts': { livesAsLongAs: 'a connection' },
  'packages/broker/src/deadlines.ts': { livesAsLongAs: 'who makes it' },
  'packages/broker/src/deleted-devices.ts': { reset: 'store.onReset' },
  'packages/broker/src/existing-topics.ts': { reset: 'store.onReset' },
  'packages/broker/src/hooks.ts': { livesAsLongAs: 'a connection' },
  'packages/broker/src/hub.ts': { livesAsLongAs: 'a hub, which broker.pause closes' },
  'packages/broker/src/hubs.ts': { reset: 'broker.pause' },
  'packages/broker/src/identity-chains.ts': { outlives: 'a chain is only found again; each time it is judged anew' },
  'packages/broker/src/inbound-window.ts': { livesAsLongAs: 'a hub, which broker.pause closes' },
  'packages/broker/src/kept-bounds.ts': { livesAsLongAs: 'a hub, which broker.pause closes' },
  'packages/broker/src/kept-sessions.ts': { livesAsLongAs: 'a hub, which broker.pause closes' },
  'packages/broker/src/keyed-sets.ts': { livesAsLongAs: 'who makes them' },
  'packages/broker/src/listener.ts': { livesAsLongAs: 'a socket' },
  'packages/broker/src/mqtt5/properties.ts': { outlives: 'what a packet may have does not change' },
  'packages/broker/src/mqtt5/topic-aliases.ts': { livesAsLongAs: 'a connection' },
  'packages/broker/src/neighbors/client-queue.ts': { livesAsLongAs: 'a hub, which broker.pause closes' },
  'packages/broker/src/neighbors/drop-log.ts': { livesAsLongAs: 'a hub, which broker.pause closes' },
  'packages/broker/src/neighbors/neighbors.ts': { livesAsLongAs: 'a hub, which broker.pause closes' },
  'packages/broker/src/neighbors/outbox.ts': { livesAsLongAs: 'a connection' },
  'packages/broker/src/neighbors/outgoing-queues.ts': { livesAsLongAs: 'a hub, which broker.pause closes' },
  'packages/broker/src/retained-limit.ts': { livesAsLongAs: 'a hub, which broker.pause closes' },
  'packages/broker/src/revocation-delay.ts': {
    livesAsLongAs: 'who makes it, and is cleared by it when the store is reset',
  },
  'packages/broker/src/session-state.ts': { reset: 'store.onReset' },
  'packages/broker/src/sessions.ts': { reset: 'broker.pause, which ends every connection' },
  'packages/broker/src/upgrades.ts': { livesAsLongAs: 'a socket' },
  'packages/control-plane/src/control-plane.ts': { reset: 'controlPlane.reset' },
  'packages/control-plane/src/gateway/conformance/deviation-table.ts': { reset: 'controlPlane.reset' },
  'packages/control-plane/src/gateway/conformance/known-parameters.ts': { outlives: 'an operation does not change' },
  'packages/control-plane/src/gateway/connections.ts': { livesAsLongAs: 'a connection, which may wait for a reset' },
  'packages/control-plane/src/gateway/linger.ts': { livesAsLongAs: 'a connection' },
  'packages/control-plane/src/gateway/malformed-http.ts': { livesAsLongAs: 'a connection' },
  'packages/control-plane/src/gateway/near-miss/near-misses.ts': { reset: 'controlPlane.reset' },
  'packages/control-plane/src/gateway/near-miss/recently-deleted.ts': { reset: 'controlPlane.reset' },
  'packages/control-plane/src/gateway/nonce-store.ts': { reset: 'controlPlane.reset' },
  'packages/control-plane/src/gateway/request-shape.ts': { livesAsLongAs: 'a call' },
  'packages/control-plane/src/ram/compiled-statement.ts': { outlives: 'a policy that changes is another record' },
  'packages/control-plane/src/signature/signed-headers.ts': { outlives: 'what a list of names says does not change' },
  'packages/control-plane/src/signature/timestamp.ts': { outlives: 'what a text says does not change' },
  'packages/control-plane/src/throttle/departed-counts.ts': { reset: 'controlPlane.reset' },
  'packages/control-plane/src/throttle/rule-limits.ts': { reset: 'controlPlane.reset' },
  'packages/control-plane/src/throttle/window-table.ts': { reset: 'controlPlane.reset' },
  'packages/emulator/src/assumption-ledger.ts': { outlives: 'it speaks of the run' },
  'packages/emulator/src/lifecycle/bounded-map.ts': { livesAsLongAs: 'who makes it' },
  'packages/emulator/src/lifecycle/lifecycle-book.ts': { reset: 'store.onReset' },
  'packages/emulator/src/limits/call-batch.ts': { livesAsLongAs: 'a second, after which it is told' },
  'packages/emulator/src/limits/limit-events.ts': { outlives: 'a reader of the events is told of the reset' },
  'packages/emulator/src/limits/politeness.ts': {
    livesAsLongAs: 'who makes it, and is cleared by it when the store is reset',
  },
  'packages/emulator/src/log-streams.ts': { outlives: 'a reader of the log is told of the reset' },
  'packages/emulator/src/metrics/duration-histogram.ts': { outlives: 'counters speak of the run' },
  'packages/emulator/src/metrics/event-counts.ts': { outlives: 'counters speak of the run' },
  'packages/emulator/src/metrics/metrics.ts': { outlives: 'counters speak of the run' },
  'packages/emulator/src/metrics/tally.ts': { livesAsLongAs: 'who makes it' },
  'packages/emulator/src/metrics/throttle-series.ts': { livesAsLongAs: 'a reading of the metrics' },
  'packages/emulator/src/published-endpoints.ts': { outlives: 'the files are rewritten, and removed at the end' },
  'packages/emulator/src/recorder.ts': { reset: 'recorder.reset' },
  'packages/emulator/src/seed/seed-faults.ts': { livesAsLongAs: 'the reading of a seed file' },
  'packages/emulator/src/seed/seed-policies.ts': { livesAsLongAs: 'the reading of a seed file' },
}

const parts = ['broker', 'control-plane', 'emulator']
const notOfARun = /\.test\.ts$|\/(testing|hostile)\//
const emptyCollection =
  /new (Map|Set|WeakMap|WeakSet|Tally|FingerprintSet)(<[^()]*>)?\(\)|createKeyedSets<|new (BoundedMap|LogRing|NonceStore|Throttle|NearMisses|RecentlyDeleted|DeviationTable)\b[^\n]*\(/

/** The files of running parts that make an empty collection. */
export function filesThatRemember(root: string): string[] {
  return parts
    .flatMap((part) => sourceFiles(root, `packages/${part}/src`))
    .filter((path) => !notOfARun.test(path))
    .filter((path) => emptyCollection.test(readFileSync(join(root, path), 'utf8')))
}

/** What does not agree between the code and the table, in sentences. */
export function forgottenMemories(found: readonly string[], table: Readonly<Record<string, Fate>>): string[] {
  return [
    ...found
      .filter((path) => !table[path])
      .map((path) => `${path}: remembers something: say in scripts/remembered.ts what a reset does about it`),
    ...Object.keys(table)
      .filter((path) => !found.includes(path))
      .map((path) => `scripts/remembered.ts: ${path} remembers nothing any more, or is gone`),
  ]
}
