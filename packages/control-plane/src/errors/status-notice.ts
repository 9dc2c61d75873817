import type { ErrorCode } from '../errors.ts'

/**
 * The statuses that the vendor's later notice gives to the codes of the product. Of some codes the notice was not
 * seen: those keep the status of their page. LIMITS A-10
 */
export const noticeStatuses: Partial<Record<ErrorCode, number>> = {
  ParameterFieldCheckFailed: 400,
  MqttInstanceNotFound: 400,
  MqttOwnerCheckError: 403,
  FindCaBySnError: 400,
  RegisterCodeError: 400,
  RegisterCodeUsed: 401,
  GetCaNumError: 401,
  CaNumExceed: 401,
  CertificateContentError: 401,
  SnNotUnique: 401,
  InternalError: 417,
}
