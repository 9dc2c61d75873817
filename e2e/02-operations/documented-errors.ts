import { readFileSync } from 'node:fs'

/** One way in which an operation is made to answer one of its documented codes. */
export interface DocumentedError {
  operation: string
  /** As documented, its variable part written `%s`. */
  code: string
  how: string
}

type Table = Record<string, Record<string, Record<string, string[]>>>

const file = new URL('documented-errors.json', import.meta.url)

/** The rows that a test file shows, by its path from the root; COVERAGE.md is written from the same table. */
export function documentedErrorsOf(test: string): DocumentedError[] {
  const table = JSON.parse(readFileSync(file, 'utf8')) as Table // written by hand, held together by scripts/coverage.test.ts
  return Object.entries(table[test] ?? {}).flatMap(([operation, byCode]) =>
    Object.entries(byCode).flatMap(([code, hows]) => hows.map((how) => ({ operation, code, how }))),
  )
}

/** The message of a code, and its status, as the pages of an operation have them. */
export interface Documented {
  status: number
  message: string
}

const certificatePages: Record<string, Documented> = {
  ParameterFieldCheckFailed: {
    status: 400,
    message: 'Failed to validate the parameters. The parameters may be missing or invalid.',
  },
  MqttInstanceNotFound: { status: 500, message: 'Specified instance is not found' },
  MqttOwnerCheckError: { status: 403, message: 'Failed to validate the instance permission' },
  PermissionCheckFailed: { status: 403, message: 'Failed to verify API permissions.' },
  FindDeviceBySnError: {
    status: 500,
    message: 'Failed to find the device certificate by the SN. Please check sn is valid',
  },
  FindCaBySnError: { status: 500, message: 'Failed to find the CA by the SN. Please check sn is valid.' },
  RegisterCodeError: { status: 500, message: 'Register code error in verification certificate.' },
  RegisterCodeUsed: { status: 401, message: 'Register code has been used.' },
  CaNumExceed: { status: 401, message: 'CA certificate num exceed.' },
  CertificateContentError: {
    status: 401,
    message:
      'Certificate content error, please check ca/verification certificate content. ' +
      'BasicConstraints extension should be set to true in CA certificate.',
  },
  SnNotUnique: { status: 401, message: 'Sn is not unique in global.' },
}

const productErrorCodes: Record<string, Documented> = {
  ApiNotSupport: { status: 404, message: 'The specified API is not supported.' },
  InstancePermissionCheckFailed: {
    status: 400,
    message:
      'An error occurred while validating the permissions of the instance. ' +
      'Please verify the account that created the instance and its permissions settings.',
  },
  ParameterCheckFailed: {
    status: 400,
    message: 'An error occurred while validating the parameters. The parameters may be missing or invalid.',
  },
  PermissionCheckFailed: {
    status: 400,
    message:
      'An error occurred while validating the resource permissions. ' +
      'Please check the account that created the instance, topic, and GroupId, and check their permission settings.',
  },
  'InvalidParameter.%s': {
    status: 400,
    message: 'An error occurred while validating the parameter. The parameter may be missing or invalid.',
  },
}

/** What the pages say of a code: those of the certificate operations, or the table of the product's error codes. */
export function documentedFor({ operation, code, how }: DocumentedError): Documented {
  const isCertificate = operation.endsWith('Certificate') || /ByCaSn$|RegisterCode$/.test(operation)
  const found = (isCertificate && certificatePages[code]) || productErrorCodes[code]
  if (!found) throw new Error(`no page documents ${code} of ${operation}`)
  // the page lists two statuses of this code
  return code === 'ParameterFieldCheckFailed' && how === 'a parameter is wrong' ? { ...found, status: 500 } : found
}
