import type { CertificateStatus } from '@apsaramq/model'
import type { OperationContext } from './define-operation.ts'
import { findCa, findDevice } from './find-certificate.ts'

/**
 * Sets the status of a device certificate and says who did; the status it has already is a success that writes
 * nothing. LIMITS A-07
 *
 * @returns the serial number as the certificate spells it
 * @throws {ApiError} FindDeviceBySnError
 */
export function changeDeviceStatus(
  params: { CaSn: string; DeviceSn: string },
  status: CertificateStatus,
  context: OperationContext,
): Promise<string> {
  return context.store.transact(async (tx) => {
    const device = await findDevice(tx, context, params.CaSn, params.DeviceSn)
    if (device.status === status) context.assume('A-07', `device certificate ${device.sn}`)
    else tx.deviceCertificates.put({ ...device, status, statusChange: context.change })
    return device.sn
  })
}

/** Sets the status of a CA certificate; as {@link changeDeviceStatus}. @throws {ApiError} FindCaBySnError */
export function changeCaStatus(
  params: { Sn: string },
  status: CertificateStatus,
  context: OperationContext,
): Promise<string> {
  return context.store.transact(async (tx) => {
    const ca = await findCa(tx, context, params.Sn)
    if (ca.status === status) context.assume('A-07', `CA certificate ${ca.sn}`)
    else tx.caCertificates.put({ ...ca, status, statusChange: context.change })
    return ca.sn
  })
}
