import { caKey, deviceKey, type CaCertificate, type DeviceCertificate, type Instance } from '@apsaramq/model'
import type { Reader } from '@apsaramq/store'
import { ApiError } from '../errors.ts'

type Certificates = Pick<Reader, 'caCertificates' | 'deviceCertificates'>

/** The CA of a serial number. @throws {ApiError} FindCaBySnError */
export async function findCa(from: Certificates, instance: Instance, sn: string): Promise<CaCertificate> {
  const ca = await from.caCertificates.get(caKey(instance.id, sn))
  if (ca) return ca
  throw new ApiError('FindCaBySnError', { detail: `${instance.id} has no CA certificate ${sn}` })
}

/**
 * The CA that a device operation names. The pages list no error for an unknown one but the device's. LIMITS A-17
 *
 * @throws {ApiError} FindDeviceBySnError
 */
export async function findCaOfDevices(from: Certificates, instance: Instance, caSn: string): Promise<CaCertificate> {
  const ca = await from.caCertificates.get(caKey(instance.id, caSn))
  if (ca) return ca
  throw new ApiError('FindDeviceBySnError', {
    detail: `${instance.id} has no CA certificate ${caSn}, so no device certificate under it`,
    cause: 'ca-not-found',
  })
}

/** The device certificate of a CA and a serial number. @throws {ApiError} FindDeviceBySnError */
export async function findDevice(
  from: Certificates,
  instance: Instance,
  caSn: string,
  deviceSn: string,
): Promise<DeviceCertificate> {
  const ca = await findCaOfDevices(from, instance, caSn)
  const device = await from.deviceCertificates.get(deviceKey(ca.id, deviceSn))
  if (device) return device
  throw new ApiError('FindDeviceBySnError', {
    detail: `no device certificate ${deviceSn} is registered under CA ${ca.sn} of ${instance.id}`,
  })
}
