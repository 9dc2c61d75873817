import type { Act } from '../act.ts'
import { beRefused, enterAndPublish, inactivate, reactivate } from './steps.ts'

/** Row by row what an operator does to a device that was stolen and found again, under `drop`. */
export const revoked: Act = {
  name: 'revoked',
  title: 'a live device is inactivated, dies, tries in vain, is reactivated and recovers by itself',
  policy: 'drop',
  async play(cast) {
    const device = await enterAndPublish(cast)
    await inactivate(cast, device)
    await device.closed()
    await beRefused(cast, device)
    await reactivate(cast, device)
  },
  chains: [
    // the close and the answer race on the way to their readers: neither chain puts one before the other
    ['connected', 'first-packet', 'last-packet', 'close-seen', 'refused', 'reactivation-answered', 'recovered'],
    ['first-packet', 'inactivation-sent', 'inactivation-answered', 'refused', 'explained', 'reactivation-answered'],
    ['recovered', 'packet-after-recovery'],
  ],
}
