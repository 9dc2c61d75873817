import type { Cast } from '../act.ts'
import type { Device } from '../device.ts'

/** Waits for a packet of the device to get through, and takes down when it did. */
export async function seePacket({ timeline }: Cast, device: Device, event: string, meaning = ''): Promise<void> {
  const { number, at } = await device.packetThrough()
  timeline.note(event, `packet ${number} acknowledged${meaning}`, at)
}

/** A device with a fresh certificate, connected and publishing. */
export async function enterAndPublish(cast: Cast): Promise<Device> {
  const device = await cast.enter()
  await device.connected()
  await seePacket(cast, device, 'first-packet')
  for (let more = 0; more < 5; more += 1) await device.packetThrough()
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
  const told = (await management.explain({ clientId: device.issued.clientId })) as { answer: string }
  timeline.note('explained', told.answer)
}

/** Makes the certificate active again through the SDK and lets the device come back by itself. */
export async function reactivate(cast: Cast, device: Device): Promise<void> {
  const { at, detail } = await cast.api.activate(device.issued)
  cast.timeline.note('reactivation-answered', detail, at)
  await device.connected()
  await seePacket(cast, device, 'packet-after-recovery')
}
