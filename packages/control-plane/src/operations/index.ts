import { activeCaCertificate } from './active-ca-certificate.ts'
import { activeDeviceCertificate } from './active-device-certificate.ts'
import { batchQuerySessionByClientIds } from './batch-query-session-by-client-ids.ts'
import { closeConnection } from './close-connection.ts'
import type { Operation } from './define-operation.ts'
import { deleteCaCertificate } from './delete-ca-certificate.ts'
import { deleteDeviceCertificate } from './delete-device-certificate.ts'
import { getCaCertificate } from './get-ca-certificate.ts'
import { getDeviceCertificate } from './get-device-certificate.ts'
import { getRegisterCode } from './get-register-code.ts'
import { inactivateCaCertificate } from './inactivate-ca-certificate.ts'
import { inactivateDeviceCertificate } from './inactivate-device-certificate.ts'
import { listCaCertificate } from './list-ca-certificate.ts'
import { listDeviceCertificateByCaSn } from './list-device-certificate-by-ca-sn.ts'
import { listDeviceCertificate } from './list-device-certificate.ts'
import { listInstances } from './list-instances.ts'
import { querySessionByClientId } from './query-session-by-client-id.ts'
import { registerCaCertificate } from './register-ca-certificate.ts'

/** The operations that are served. */
export const operations: readonly Operation[] = [
  activeCaCertificate,
  activeDeviceCertificate,
  batchQuerySessionByClientIds,
  closeConnection,
  deleteCaCertificate,
  deleteDeviceCertificate,
  getCaCertificate,
  getDeviceCertificate,
  getRegisterCode,
  inactivateCaCertificate,
  inactivateDeviceCertificate,
  listCaCertificate,
  listDeviceCertificate,
  listDeviceCertificateByCaSn,
  listInstances,
  querySessionByClientId,
  registerCaCertificate,
]
