import { inspectCertificate } from '@apsaramq/pki'
import { startBroker, type BrokerFixture, type TestCa, type TestDevice } from '../../testing/broker-fixture.ts'
import { connectOf, DeviceClient, subscribeOf } from './device-client.ts'
import { observer, type Setting } from './history.ts'
import { openLine, type Ports, type Tickets } from './line.ts'
import { certificateNames, type CaName, type CertificateName } from './plan.ts'
import { Recorder } from './recorder.ts'
import type { ServerSockets } from './server-sockets.ts'
import { slowStore, type Pace } from './slow-store.ts'

/** A broker that runs, with certificates whose status is under test and an observer whose is not. */
export interface World extends Ports {
  fixture: BrokerFixture
  recorder: Recorder
  pace: Pace
  tickets: Tickets
  sockets: ServerSockets
  cas: Record<CaName, TestCa>
  devices: Record<CertificateName, TestDevice>
  observer: DeviceClient
  /** Called once when the next device is through with TLS. */
  onHandshake: ((certificate: CertificateName) => void)[]
  /** Every id under which a CA has been registered in this history. */
  caIds: Record<CaName, string[]>
  /** Histories so far. */
  histories: number
  close(): Promise<void>
}

/** Starts a broker with one setting and issues the certificates. */
export async function openWorld(setting: Setting, sockets: ServerSockets): Promise<World> {
  const recorder = new Recorder(setting)
  const pace: Pace = { turns: [], pending: 0, onRead: [] }
  const fixture = await startBroker(setting, (store) => {
    recorder.follow(store)
    return slowStore(store, pace, recorder)
  })
  fixture.log.write = (entry) => recorder.entry(entry)
  const [A, B] = [await fixture.makeCa(), await fixture.makeCa()]
  const cas = { A, B }
  const devices = {
    A0: await fixture.makeDevice({ ca: A }),
    A1: await fixture.makeDevice({ ca: A }),
    B0: await fixture.makeDevice({ ca: B }),
  }
  for (const name of certificateNames) recorder.know(name, knownOf(devices[name]))
  const to = { serverCa: fixture.serverCa, ports: { mqtts: fixture.port, wss: await fixture.listen('wss') } }
  return {
    ...to,
    fixture,
    recorder,
    pace,
    sockets,
    cas,
    devices,
    close: () => fixture.close(),
    tickets: new Map(),
    onHandshake: [],
    observer: await listen(fixture, to, recorder),
    caIds: { A: [], B: [] },
    histories: 0,
  }
}

function knownOf({ certificate, ca, sn }: TestDevice) {
  return { sn, caSn: ca.record.sn, fingerprint: inspectCertificate(certificate).fingerprint }
}

async function listen(fixture: BrokerFixture, to: Ports, recorder: Recorder): Promise<DeviceClient> {
  const via = { over: 'mqtts', tls: 'TLSv1.3', resumed: false, level: 4 } as const
  const line = await openLine(to, new Map(), await fixture.makeDevice(), via)
  const client = new DeviceClient(line, via.level, {
    onAck: () => undefined,
    onMessage: (name) => recorder.heard(name, observer),
    onClose: () => undefined,
  })
  const admitted = client.connack()
  const connect = connectOf('GID_demo@@@observer', via.level, undefined)
  client.send({ ...connect, keepalive: 0 }) // between its histories nothing is said
  if ((await admitted)?.returnCode !== 0) throw new Error('the observer was refused')
  const id = client.nextId()
  const subscribed = client.acknowledged('suback', id)
  client.send(subscribeOf(id))
  await subscribed
  return client
}
