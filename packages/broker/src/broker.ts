import type { Cause } from '@apsaramq/model'
import { createPathVerifier } from '@apsaramq/pki'
import { createAccessRules } from './acl.ts'
import { createAdmission, type Admit, type AdmissionDeps } from './admission.ts'
import { DeletedDevices } from './deleted-devices.ts'
import { Endings } from './endings.ts'
import { createGatherer } from './evidence.ts'
import { createExistingTopics } from './existing-topics.ts'
import { createHubs } from './hubs.ts'
import { createIdentityReader } from './identity.ts'
import { listenTls, type Listener } from './listener.ts'
import { createIds } from './ids.ts'
import { joinLiveSet, type LiveSetDeps } from './live-set.ts'
import { receive, type Arrival } from './reception.ts'
import { followChanges } from './revocation.ts'
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
  const hubs = createHubs({ ...options, endings, rules: createAccessRules(topics, options.settings.strict) })
  const deleted = new DeletedDevices(options.store, options.clock)
  const shared = { ...options, index, endings, deleted }
  const gate = { isOpen: true }
  const reception = { ...shared, gate, nextId: createIds(options.random), admit: createAdmit({ ...shared, hubs }) }
  const onArrival = (arrival: Arrival) => receive(reception, arrival)
  const listenerDeps = { ...shared, readIdentity: createIdentityReader(), onArrival }
  const stopFollowing = followChanges(shared)
  const listeners: Listener[] = []

  async function empty(cause: Cause, message: string): Promise<void> {
    gate.isOpen = false
    endings.endAll(index.all(), { cause, message })
    await hubs.close()
  }
  return {
    async listenTls(at) {
      const listener = await listenTls(listenerDeps, at)
      listeners.push(listener)
      return { port: listener.port }
    },
    setTls(context) {
      for (const listener of listeners) listener.setTls(context)
    },
    pause: () => empty('emulator-reset', 'the emulator is being reset'),
    resume() {
      gate.isOpen = true
    },
    async close() {
      await empty('emulator-stopping', 'the emulator is shutting down')
      await Promise.all(listeners.splice(0).map((listener) => listener.close()))
      for (const stop of [stopFollowing, topics.stop, () => deleted.stop()]) stop()
    },
  }
}

type AdmitDeps = Omit<AdmissionDeps, 'gather' | 'join'> & LiveSetDeps

function createAdmit(deps: AdmitDeps): Admit {
  const gather = createGatherer(createPathVerifier())
  return createAdmission({ ...deps, gather, join: (...joining) => joinLiveSet(deps, ...joining) })
}
