import type { Broker } from '@apsaramq/broker'
import type { ControlPlane } from '@apsaramq/control-plane'
import type { FastifyInstance } from 'fastify'
import { Server as TlsServer } from 'node:tls'
import type { ResetRequest } from './management/reset.ts'
import { seedRecords } from './seed.ts'
import type { Shared } from './services.ts'
import type { State } from './state.ts'
import { openTrust, renewTrust, type Trust } from './trust.ts'

/** What a reset reaches. */
export interface ResetParts {
  state: State
  names: string[]
  shared: Shared
  services: { controlPlane: ControlPlane; broker: Broker; apps: { apiTls: FastifyInstance } }
}

/** Every part that holds state, in the order in which it is put back; nothing else may outlive a reset. */
export const resettables = ['store', 'control-plane', 'broker', 'recorder'] as const

type Steps = Record<(typeof resettables)[number], () => Promise<void> | void>

function applyTrust(trust: Trust, { broker, apps }: ResetParts['services']): void {
  const context = { key: trust.server.key, cert: trust.server.certificate }
  if (apps.apiTls.server instanceof TlsServer) apps.apiTls.server.setSecureContext(context)
  broker.setTls(context)
}

/**
 * Puts the state back to the seed, or to the seed without CA certificates, and ends every live session. The ledger of
 * assumptions goes on: it speaks of the run.
 */
export async function resetAll(request: ResetRequest, parts: ResetParts): Promise<void> {
  const { state, names, shared, services } = parts
  if (request.trust === 'renew') await renewTrust(state.keys)
  const trust = await openTrust(state.keys, names, shared)
  if (request.trust === 'renew') applyTrust(trust, services)
  const records = seedRecords(trust, shared)
  const steps: Steps = {
    store: () =>
      state.store.reset(request.to === 'empty' ? { ...records, caCertificates: [], registerCodes: [] } : records),
    'control-plane': () => services.controlPlane.reset(),
    broker: () => services.broker.reset(),
    recorder: () => shared.recorder.reset(),
  }
  for (const name of resettables) await steps[name]()
  shared.recorder.write({
    plane: 'emulator',
    kind: 'lifecycle',
    message: `reset to ${request.to}, trust: ${request.trust}`,
  })
}
