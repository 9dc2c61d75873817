import type { Broker } from '@apsaramq/broker'
import type { ControlPlane } from '@apsaramq/control-plane'
import type { FastifyInstance } from 'fastify'
import { Server as TlsServer } from 'node:tls'
import type { SeedRecords } from '@apsaramq/store'
import type { ResetRequest } from './management/reset.ts'
import { fillFrom, recordsFor } from './seeding.ts'
import type { Shared } from './services.ts'
import type { State } from './state.ts'
import { openTrust, renewTrust, type Trust } from './trust.ts'

/** What a reset reaches. */
export interface ResetParts {
  state: State
  names: string[]
  shared: Shared
  services: { controlPlane: ControlPlane; broker: Broker; apps: { apiTls: FastifyInstance } }
  /** Called when everything is put back and before anyone is admitted. */
  onSeeded(): Promise<void>
}

/** The steps of a reset, in order (features G4). */
export const resetSteps = ['stop admitting', 'drop sessions', 'wipe and seed', 're-arm', 'admit'] as const

/**
 * Puts the state back to the seed, or to the seed without certificates. Calls that come meanwhile wait for its end,
 * connections are refused; nobody sees half of it. The ledger of assumptions and the counters of the metrics go on:
 * they speak of the run.
 *
 * @throws {StoreUnavailableError} when the disk does not take it: nothing stored is changed then, only the live
 *   sessions have ended
 */
export async function resetAll(request: ResetRequest, parts: ResetParts): Promise<void> {
  const { controlPlane, broker } = parts.services
  const { recorder } = parts.shared
  try {
    await controlPlane.pause()
    await broker.pause()
    await refill(request, parts)
    rearm(parts)
    recorder.write({ plane: 'emulator', kind: 'lifecycle', message: `reset to ${request.to}, trust: ${request.trust}` })
    await parts.onSeeded()
  } catch (error) {
    recorder.write({ plane: 'emulator', kind: 'warn', message: `the reset has failed: ${(error as Error).message}` })
    throw error
  } finally {
    broker.resume()
    controlPlane.resume()
  }
}

/** Wipes and seeds in one commit. A trust that was renewed in vain is put back. */
async function refill({ to, trust: wish }: ResetRequest, { state, names, shared, services }: ResetParts) {
  const putBack = wish === 'renew' ? await renewTrust(state.keys) : undefined
  try {
    const trust = await openTrust(state.keys, names, shared)
    const records = recordsFor(trust, shared)
    await fillFrom(state, shared.seed, to === 'empty' ? withoutCertificates(records) : records)
    if (wish === 'renew') applyTrust(trust, services)
  } catch (error) {
    await putBack?.()
    throw error
  }
}

function withoutCertificates(records: SeedRecords): SeedRecords {
  return { ...records, caCertificates: [], deviceCertificates: [], registerCodes: [] }
}

function applyTrust(trust: Trust, { broker, apps }: ResetParts['services']): void {
  const context = { key: trust.server.key, cert: trust.server.certificate }
  if (apps.apiTls.server instanceof TlsServer) apps.apiTls.server.setSecureContext(context)
  broker.setTls(context)
}

/** What follows the store by itself (the broker, the lifecycles) has been told by it; these have not. */
function rearm({ services, shared }: ResetParts): void {
  services.controlPlane.reset()
  shared.recorder.reset()
}
