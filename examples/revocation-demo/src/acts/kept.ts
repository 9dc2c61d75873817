import { deviceClient, waitForRefusal } from '@apsaramq/testkit'
import type { Act, Cast } from '../act.ts'
import type { Device } from '../device.ts'
import { beRefused, enterAndPublish, inactivate, reactivate, seePacket } from './steps.ts'

const livesOn = ': the session lives on'

/** A second connection with the same certificate, as a device that restarts would open it. */
async function tryAsNewcomer({ endpoints, timeline, clock }: Cast, { issued }: Device): Promise<void> {
  const client = deviceClient({ endpoints, device: issued, clock, reconnectPeriod: 0 })
  try {
    const { at, detail } = await waitForRefusal(client, { withinMs: 10_000, clock })
    timeline.note('newcomer-refused', detail, at)
  } finally {
    await client.endAsync(true)
  }
}

/** Under `keep`, nobody does anything: the session lives on until its network ends it. */
export const kept: Act = {
  name: 'kept',
  title: 'an inactivated device keeps its session, new connections are refused, and once its link breaks it stays out',
  policy: 'keep',
  async play(cast) {
    const device = await enterAndPublish(cast)
    await inactivate(cast, device)
    await seePacket(cast, device, 'packet-after-inactivation', livesOn)
    await tryAsNewcomer(cast, device)
    await seePacket(cast, device, 'packet-after-newcomer', livesOn)
    cast.timeline.note('link-cut', 'the network of the device breaks')
    device.cutLink()
    await device.closed()
    await beRefused(cast, device)
    await reactivate(cast, device)
  },
  chains: [
    ['connected', 'first-packet', 'inactivation-answered', 'packet-after-inactivation', 'newcomer-refused'],
    ['newcomer-refused', 'packet-after-newcomer', 'link-cut', 'close-seen', 'refused', 'reactivation-answered'],
    ['packet-after-newcomer', 'last-packet', 'close-seen'],
    ['reactivation-answered', 'recovered', 'packet-after-recovery'],
  ],
}

async function kick({ management, timeline }: Cast, { issued }: Device): Promise<void> {
  const { sessions } = (await management.request('GET', '/sessions')) as {
    sessions: { id: string; clientId: string }[]
  }
  const session = sessions.find(({ clientId }) => clientId === issued.clientId)
  if (!session) throw new Error(`no live session of ${issued.clientId}`)
  await management.request('DELETE', `/sessions/${session.id}`)
  timeline.note('kick-answered', `DELETE /sessions/${session.id} on the management port`)
}

/** Under `keep`, with the connection closed by hand, which the real service has an operation of its own for. */
export const keptAndKicked: Act = {
  name: 'kept-and-kicked',
  title:
    'an inactivated device keeps its session until it is kicked by hand; then it is refused until it is reactivated',
  policy: 'keep',
  async play(cast) {
    const device = await enterAndPublish(cast)
    await inactivate(cast, device)
    await seePacket(cast, device, 'packet-after-inactivation', livesOn)
    await kick(cast, device)
    await device.closed()
    await beRefused(cast, device)
    await reactivate(cast, device)
  },
  chains: [
    ['connected', 'first-packet', 'inactivation-answered', 'packet-after-inactivation', 'kick-answered', 'refused'],
    ['packet-after-inactivation', 'last-packet', 'close-seen', 'refused', 'reactivation-answered'],
    ['reactivation-answered', 'recovered', 'packet-after-recovery'],
  ],
}
