import type { Duplex } from 'node:stream'
import type { Cause } from '@apsaramq/model'
import { createPathVerifier } from '@apsaramq/pki'
import { createAccessRules } from './acl.ts'
import { createAdmission, type Admit, type AdmissionDeps } from './admission.ts'
import { DeletedDevices } from './deleted-devices.ts'
import { Endings } from './endings.ts'
import { createGatherer } from './evidence.ts'
import { createExistingTopics } from './existing-topics.ts'
import { followExpiry } from './expiry.ts'
import { createHubs } from './hubs.ts'
import { createIdentityReader } from './identity.ts'
import { Listeners } from './listeners.ts'
import { createIds } from './ids.ts'
import { joinLiveSet, type LiveSetDeps } from './live-set.ts'
import { receive, type Arrival } from './reception.ts'
import { followChanges } from './revocation.ts'
import { followSessionStates } from './session-state.ts'
import { SessionIndex } from './sessions.ts'
import type { Broker, BrokerOptions } from './settings.ts'

/**
 * A broker that does not listen yet. Each instance has a broker of its own inside, started at its first client;
 * they share listeners, and a client goes to the instance that server name, username and CA name together.
 */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const index = new SessionIndex()
  const endings = new Endings(options, index)
  const topics = createExistingTopics(options.store)
  const rules = createAccessRules(topics, options.settings.strict)
  const hubs = createHubs({ ...options, endings, wills: index, rules })
  const deleted = new DeletedDevices(options.store, options.clock)
  const shared = { ...options, index, endings, deleted }
  const gate = { isOpen: true }
  const reception = { ...shared, gate, nextId: createIds(options.random), admit: createAdmit({ ...shared, hubs }) }
  const onArrival = (arrival: Arrival) => receive(reception, arrival)
  const listenerDeps = { ...shared, readIdentity: createIdentityReader(), onArrival }
  const stopFollowing = followChanges(shared)
  const stopExpiry = followExpiry(shared)
  const stopStates = followSessionStates({ ...shared, hubs }) // after the line: what it ends is not live any more
  const listeners = new Listeners(listenerDeps)

  async function empty(cause: Cause, message: string): Promise<void> {
    gate.isOpen = false
    const connections = index.all()
    endings.endAll(connections, { cause, message })
    await Promise.all(connections.map(({ stream }) => closeOf(stream))) // aedes would take back what they are being told
    await hubs.close()
  }
  return {
    listen: (transport, at) => listeners.listen(transport, at),
    setTls: (context) => listeners.setTls(context),
    pause: () => empty('emulator-reset', 'the emulator is being reset'),
    resume() {
      gate.isOpen = true
    },
    async close() {
      await empty('emulator-stopping', 'the emulator is shutting down')
      await listeners.close()
      for (const stop of [stopFollowing, stopExpiry, stopStates, topics.stop, () => deleted.stop()]) stop()
    },
  }
}

type AdmitDeps = Omit<AdmissionDeps, 'gather' | 'join'> & LiveSetDeps

function createAdmit(deps: AdmitDeps): Admit {
  const gather = createGatherer(createPathVerifier())
  return createAdmission({ ...deps, gather, join: (...joining) => joinLiveSet(deps, ...joining) })
}

function closeOf(stream: Duplex): Promise<void> | undefined {
  return stream.closed ? undefined : new Promise((resolve) => void stream.once('close', resolve))
}
