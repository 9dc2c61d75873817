import { deviceKey, serialNumberKey, type CaCertificate, type DeviceCertificate } from '@apsaramq/model'
import type { Reader } from '@apsaramq/store'
import { editsBetween } from './edits.ts'
import { otherSpellings, type Spelling } from './other-spellings.ts'
import type { RecentlyDeleted } from './recently-deleted.ts'
import type { SearchBudget } from './search-budget.ts'

/** What a call asked for and did not get. */
export interface AskedCertificate {
  instanceId: string
  caSn: string
  /** Undefined where the call is about the CA itself. */
  deviceSn: string | undefined
}

/** Where is searched. */
export interface SearchIn {
  read: Reader
  deleted: RecentlyDeleted
  budget: SearchBudget
}

/** CAs that are looked at, the oldest first. */
const maxCas = 1000
/** Device certificates of a CA that are compared digit by digit, the oldest first. */
const maxDevices = 1000

/** A search at work: the CAs are read once. */
interface Search extends SearchIn {
  asked: AskedCertificate
  cas: readonly CaCertificate[]
}

const isSame = (one: string, other: string) => serialNumberKey(one) === serialNumberKey(other)
const describeCa = ({ sn, instanceId }: CaCertificate) => `CA certificate ${sn} of ${instanceId}`
const describeDevice = ({ sn, caSn, instanceId }: DeviceCertificate) =>
  `device certificate ${sn} under CA ${caSn} of ${instanceId}`

const asWritten = (sn: string): Spelling => ({ sn, how: '' })
const read = (what: string, { how }: Spelling, is: string) => `${what}${how && ` read ${how}`} is that of ${is}`

/** The registered device of a serial number under any CA, those of the same instance first. */
async function deviceAnywhere({ read: from, budget, cas, asked }: Search, sn: string) {
  if (!budget.take(cas.length)) return undefined
  const found = await Promise.all(cas.map((ca) => from.deviceCertificates.get(deviceKey(ca.id, sn))))
  const devices = found.filter((device) => device !== undefined)
  return devices.find(({ instanceId }) => instanceId === asked.instanceId) ?? devices[0]
}

function caAnywhere({ cas, asked }: Search, sn: string): CaCertificate | undefined {
  const found = cas.filter((ca) => isSame(ca.sn, sn))
  return found.find(({ instanceId }) => instanceId === asked.instanceId) ?? found[0]
}

/** CaSn and DeviceSn in each other's place. */
async function swapped({ read: from, cas, asked }: Search): Promise<string | undefined> {
  const { deviceSn, caSn } = asked
  if (deviceSn === undefined) return undefined
  const ca = cas.find((one) => one.instanceId === asked.instanceId && isSame(one.sn, deviceSn))
  const device = ca && (await from.deviceCertificates.get(deviceKey(ca.id, caSn)))
  return device && `CaSn and DeviceSn are swapped: they are those of ${describeDevice(device)}`
}

/** The device under another CA or in another instance, or its serial number spelled otherwise. */
async function deviceElsewhere(search: Search): Promise<string | undefined> {
  const { deviceSn } = search.asked
  if (deviceSn === undefined) return undefined
  for (const spelling of [asWritten(deviceSn), ...otherSpellings(deviceSn)]) {
    const device = await deviceAnywhere(search, spelling.sn)
    if (device) return read('DeviceSn', spelling, describeDevice(device))
  }
  const ca = caAnywhere(search, deviceSn)
  return ca && `DeviceSn is that of ${describeCa(ca)}`
}

/** The CA in another instance, its serial number spelled otherwise, or a device's in its place. */
async function caElsewhere(search: Search): Promise<string | undefined> {
  const { caSn, deviceSn, instanceId } = search.asked
  const what = deviceSn === undefined ? 'Sn' : 'CaSn'
  for (const spelling of [asWritten(caSn), ...otherSpellings(caSn)]) {
    const ca = caAnywhere(search, spelling.sn)
    if (ca && (ca.instanceId !== instanceId || spelling.how)) return read(what, spelling, describeCa(ca))
  }
  const device = deviceSn === undefined ? await deviceAnywhere(search, caSn) : undefined
  return device && `${what} is that of ${describeDevice(device)}`
}

async function deletedLately({ deleted, asked, cas }: Search): Promise<string | undefined> {
  const { instanceId, caSn, deviceSn } = asked
  const at = deviceSn === undefined ? undefined : deleted.device(instanceId, caSn, deviceSn)
  if (at !== undefined) return `this device certificate was deleted at ${new Date(at).toISOString()}`
  const isBack = cas.some((ca) => ca.instanceId === instanceId && isSame(ca.sn, caSn))
  const caAt = isBack ? undefined : deleted.ca(instanceId, caSn)
  return caAt === undefined ? undefined : `this CA certificate was deleted at ${new Date(caAt).toISOString()}`
}

function nearest<R extends { sn: string }>(
  records: readonly R[],
  sn: string,
): { record: R; edits: number } | undefined {
  let best: { record: R; edits: number } | undefined
  for (const record of records) {
    const edits = editsBetween(serialNumberKey(record.sn), serialNumberKey(sn))
    if (edits !== undefined && edits < (best?.edits ?? Infinity)) best = { record, edits }
  }
  return best
}

const digits = (edits: number) => (edits === 1 ? 'one digit' : `${edits} digits`)

/** A CA of the instance, or a device of the CA, whose serial number is a slip of the finger away. */
async function fewDigitsOff({ read: from, budget, cas, asked }: Search): Promise<string | undefined> {
  const { instanceId, caSn, deviceSn } = asked
  const own = cas.filter((ca) => ca.instanceId === instanceId)
  if (!budget.take(own.length)) return undefined
  const ca = own.find(({ sn }) => isSame(sn, caSn))
  if (!ca) {
    const near = nearest(own, caSn)
    return near && `${digits(near.edits)} away from ${describeCa(near.record)}`
  }
  if (deviceSn === undefined || !budget.take(maxDevices)) return undefined
  const { records } = await from.deviceCertificates.list('byCa', ca.id, 0, maxDevices)
  const near = nearest(records, deviceSn)
  return near && `${digits(near.edits)} away from ${describeDevice(near.record)}`
}

/** The first that finds something says what comes close. */
const searches = [swapped, deviceElsewhere, caElsewhere, deletedLately, fewDigitsOff]

/**
 * Which certificate a call may have meant that asked for one that is not there (features B8). Costs the CAs and at most
 * a thousand devices, however many there are.
 */
export async function nearCertificate(asked: AskedCertificate, where: SearchIn): Promise<string | undefined> {
  const { records: cas } = await where.read.caCertificates.list('all', '', 0, maxCas)
  const search = { ...where, asked, cas }
  for (const look of searches) {
    const found = await look(search)
    if (found !== undefined) return found
  }
  return undefined
}
