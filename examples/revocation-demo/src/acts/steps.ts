import type { Cast } from '../act.ts'
import type { Device } from '../device.ts'

/** A device with a fresh certificate, connected and publishing. */
export async function enterAndPublish({ enter, timeline }: Cast): Promise<Device> {
  const device = await enter()
  await device.connected()
  timeline.note('first-packet', `packet ${await device.packetThrough()} acknowledged`)
  return device
}

/** Inactivates the device's certificate through the SDK. */
export async function inactivate({ api, timeline }: Cast, { issued }: Device): Promise<void> {
  timeline.note('inactivation-sent', 'through the SDK')
  const { at, detail } = await api.inactivate(issued)
  timeline.note('inactivation-answered', detail, at)
}

/** The device tries three times in vain; then the emulator is asked why. */
export async function beRefused({ management, timeline }: Cast, device: Device): Promise<void> {
  await device.refused(3)
  const told = (await management.explain({ clientId: device.issued.clientId })) as Record<string, unknown>
  timeline.note('explained', JSON.stringify(told['verdict'] ?? told['cause'] ?? told).slice(0, 300))
}

/** Makes the certificate active again through the SDK and lets the device come back by itself. */
export async function reactivate({ api, timeline }: Cast, device: Device): Promise<void> {
  const { at, detail } = await api.activate(device.issued)
  timeline.note('reactivation-answered', detail, at)
  await device.connected()
  timeline.note('packet-after-recovery', `packet ${await device.packetThrough()} acknowledged`)
}
