import type { CaCertificate, CertificateStatus, DeviceCertificate } from '@apsaramq/model'
import { pemFromBase64Der } from '@apsaramq/pki'
import { Type, type Static } from '@sinclair/typebox'

/** A CA as the API shows it: strings throughout, the status "0" or "1", times in milliseconds. */
export const CaCertificateView = Type.Object({
  RegistrationCode: Type.String(),
  CaName: Type.String(),
  Sn: Type.String(),
  CaContent: Type.String(),
  VerificationContent: Type.String(),
  ValidBegin: Type.String(),
  ValidEnd: Type.String(),
  Status: Type.String(),
})

/** A device certificate as the API shows it. */
export const DeviceCertificateView = Type.Object({
  CaSn: Type.String(),
  DeviceSn: Type.String(),
  DeviceName: Type.String(),
  DeviceContent: Type.String(),
  ValidBegin: Type.String(),
  ValidEnd: Type.String(),
  Status: Type.String(),
})

const paged = { Total: Type.Number(), PageNo: Type.Number(), PageSize: Type.Number() }

/** A page of CAs. */
export const CaCertificatePage = Type.Object({ ...paged, CaCertificateVOS: Type.Array(CaCertificateView) })

/** A page of device certificates. */
export const DeviceCertificatePage = Type.Object({ ...paged, DeviceCertificateVOS: Type.Array(DeviceCertificateView) })

const statusText = (status: CertificateStatus) => (status === 'active' ? '1' : '0')

/** Shows a CA. */
export function viewCa(ca: CaCertificate): Static<typeof CaCertificateView> {
  return {
    RegistrationCode: ca.registerCode,
    CaName: ca.name,
    Sn: ca.sn,
    CaContent: ca.certificate,
    VerificationContent: ca.verification,
    ValidBegin: String(ca.validFrom),
    ValidEnd: String(ca.validUntil),
    Status: statusText(ca.status),
  }
}

/** Shows a device certificate; its name is the common name of its subject. LIMITS A-21 */
export function viewDevice(device: DeviceCertificate): Static<typeof DeviceCertificateView> {
  return {
    CaSn: device.caSn,
    DeviceSn: device.sn,
    DeviceName: device.name,
    DeviceContent: pemFromBase64Der(device.certificate), // vendor: the page's example has other markers, which no parser reads
    ValidBegin: String(device.validFrom),
    ValidEnd: String(device.validUntil),
    Status: statusText(device.status),
  }
}
