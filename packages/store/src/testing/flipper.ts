/**
 * A program to be killed: flips the status of devices in a file store as fast as it can and says each answered flip
 * on stdout as `<serial number> <number of the flip>`. Arguments: directory, devices, flips that are under way at once.
 */
import { systemClock } from '@apsaramq/model'
import { openFileStore } from '../file-store.ts'
import type { Store } from '../store.ts'
import { sampleDevice } from './sample-records.ts'

const [directory, devices, concurrency] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])]

async function flip(store: Store, sn: string): Promise<number> {
  return store.transact(async (tx) => {
    const device = (await tx.deviceCertificates.get(`ca-1/${sn}`)) ?? sampleDevice('ca-1', sn)
    const number = device.registeredAt + 1
    tx.deviceCertificates.put({ ...device, status: number % 2 ? 'inactive' : 'active', registeredAt: number })
    return number
  })
}

/** Flips every `concurrency`th device, over and over; a device is flipped by one of them only. */
async function flipForEver(store: Store, first: number): Promise<never> {
  for (let at = first; ; at = at + concurrency < devices ? at + concurrency : first) {
    const sn = (at + 1).toString(16)
    process.stdout.write(`${sn} ${await flip(store, sn)}\n`)
  }
}

const store = await openFileStore({ directory, clock: systemClock, compactAfterBytes: 20_000 })
await Promise.all(Array.from({ length: concurrency }, (_, first) => flipForEver(store, first)))
