import type { Act, Cast } from '../act.ts'
import type { Device } from '../device.ts'
import { beRefused, enterAndPublish, inactivate } from './steps.ts'

const warning =
  'WARNING: deleting the record let an inactivated device back in, as active: its CA still vouches for it. Inactivate, do not delete'

/** The emulator's own words for the second registration of one certificate. */
async function secondRegistration({ management }: Cast, { issued }: Device): Promise<string> {
  const told = await management.request('GET', `/log?sn=${issued.deviceSn}`)
  const { entries } = told as { entries: { kind: string; message: string }[] }
  const registrations = entries.filter(({ kind }) => kind === 'register')
  if (registrations.length !== 2)
    throw new Error(`the certificate was registered ${registrations.length} times, not twice`)
  return registrations[1]!.message
}

/** Why deletion is no revocation: the next CONNECT registers the certificate again (LIMITS A-23). */
export const resurrected: Act = {
  name: 'resurrected',
  title: 'the record of an inactivated device is deleted, and the device is back as active at its next CONNECT',
  policy: 'drop',
  async play(cast) {
    const { api, timeline } = cast
    const device = await enterAndPublish(cast)
    await inactivate(cast, device)
    await device.closed()
    await beRefused(cast, device)
    const { at, detail } = await api.remove(device.issued)
    timeline.note('deletion-answered', detail, at)
    await device.connected()
    const status = await api.status(device.issued)
    if (status !== '1') throw new Error(`GetDeviceCertificate tells Status ${status} after the device came back`)
    timeline.note('resurrected', `${await secondRegistration(cast, device)}. ${warning}`)
  },
  chains: [
    ['connected', 'first-packet', 'last-packet', 'close-seen', 'refused', 'deletion-answered', 'recovered'],
    ['first-packet', 'inactivation-answered', 'refused'],
    ['recovered', 'resurrected'],
  ],
}
