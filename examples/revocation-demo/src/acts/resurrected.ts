import type { Act } from '../act.ts'
import { beRefused, enterAndPublish, inactivate } from './steps.ts'

const warning =
  'WARNING: deleting the record let an inactivated device back in, as active: its CA still vouches for it. Inactivate, do not delete'

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
    timeline.note('resurrected', `GetDeviceCertificate tells Status "1" (active). ${warning}`)
  },
  chains: [
    ['connected', 'first-packet', 'last-packet', 'close-seen', 'refused', 'deletion-answered', 'recovered'],
    ['first-packet', 'inactivation-answered', 'refused'],
    ['recovered', 'resurrected'],
  ],
}
