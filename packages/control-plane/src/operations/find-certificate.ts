import { caKey, deviceKey, type CaCertificate, type DeviceCertificate } from '@apsaramq/model'
import type { Reader } from '@apsaramq/store'
import { ApiError } from '../api-error.ts'
import type { OperationContext } from './define-operation.ts'

type Certificates = Pick<Reader, 'caCertificates' | 'deviceCertificates'>
type Where = Pick<OperationContext, 'instance' | 'assume'>

/** Passes on what was found by a serial number. LIMITS A-08 */
function spelled<R extends { sn: string }>(record: R, asked: string, { assume }: Where): R {
  if (record.sn !== asked) assume('A-08', `${asked} for ${record.sn}`)
  return record
}

/** The CA of a serial number. @throws {ApiError} FindCaBySnError */
export async function findCa(from: Certificates, where: Where, sn: string): Promise<CaCertificate> {
  const { instance } = where
  const ca = await from.caCertificates.get(caKey(instance.id, sn))
  if (ca) return spelled(ca, sn, where)
  throw new ApiError('FindCaBySnError', { detail: `${instance.id} has no CA certificate ${sn}` })
}

/**
 * The CA that a device operation names. The pages list no error for an unknown one but the device's. LIMITS A-17
 *
 * @throws {ApiError} FindDeviceBySnError
 */
export async function findCaOfDevices(from: Certificates, where: Where, caSn: string): Promise<CaCertificate> {
  const { instance } = where
  const ca = await from.caCertificates.get(caKey(instance.id, caSn))
  if (ca) return spelled(ca, caSn, where)
  throw new ApiError('FindDeviceBySnError', {
    detail: `${instance.id} has no CA certificate ${caSn}, so no device certificate under it`,
    cause: 'ca-not-found',
    restsOn: ['A-17'],
  })
}

/** The device certificate of a CA and a serial number. @throws {ApiError} FindDeviceBySnError */
export async function findDevice(
  from: Certificates,
  where: Where,
  caSn: string,
  deviceSn: string,
): Promise<DeviceCertificate> {
  const ca = await findCaOfDevices(from, where, caSn)
  const device = await from.deviceCertificates.get(deviceKey(ca.id, deviceSn))
  if (device) return spelled(device, deviceSn, where)
  throw new ApiError('FindDeviceBySnError', {
    detail: `no device certificate ${deviceSn} is registered under CA ${ca.sn} of ${where.instance.id}`,
  })
}
