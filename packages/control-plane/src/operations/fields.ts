import { maxClientIdLength, maxSerialNumberBytes } from '@apsaramq/model'
import { Type } from '@sinclair/typebox'

/** The instance; how it is spelled decides only whether it is found. */
export const MqttInstanceId = Type.String({ minLength: 1 })

/** The instance, as all operations but those of certificates call it. */
export const InstanceId = MqttInstanceId

/** A client id of any form that fits the service. LIMITS A-41 */
export const ClientId = Type.String({ minLength: 1, maxLength: maxClientIdLength })

/** A serial number: hex, at most 128 bytes. LIMITS A-08 */
export const SerialNumber = Type.String({
  minLength: 1,
  maxLength: maxSerialNumberBytes,
  pattern: '^[0-9A-Fa-f]+$',
})

/** Page number from 1, as text. */
export const PageNo = Type.String({ minLength: 1, maxLength: 9, pattern: '^0*[1-9][0-9]*$' })

/** Records a page, 1 to 100, as text. */
export const PageSize = Type.String({ minLength: 1, maxLength: 9, pattern: '^0*([1-9][0-9]?|100)$' })

/** Longest name of a CA. LIMITS A-33 */
export const maxCaNameLength = 128

/** Longest PEM text taken, in characters: some thirty times what a CA of 4096 bits has. */
export const maxPemLength = 64 * 1024

/** Any name of a CA without control characters. LIMITS A-33 */
export const CaName = Type.String({ minLength: 1, maxLength: maxCaNameLength, pattern: '^[^\\x00-\\x1f\\x7f]+$' })

/** A certificate in PEM; its line breaks may be written as a backslash and an n. */
export const PemText = Type.String({ minLength: 1, maxLength: maxPemLength })

/** Which page of a list a call asks for. */
export interface PageRequest {
  pageNo: number
  pageSize: number
  /** Records before the page. */
  offset: number
}

/** Reads the two parameters, which were checked. */
export function pageRequest(params: { PageNo: string; PageSize: string }): PageRequest {
  const pageNo = Number(params.PageNo)
  const pageSize = Number(params.PageSize)
  return { pageNo, pageSize, offset: (pageNo - 1) * pageSize }
}
