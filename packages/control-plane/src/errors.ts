import type { AssumptionId, Cause } from '@apsaramq/model'

/** What the API says of one kind of failure. */
export interface ErrorRow {
  /** HTTP status: of the operation's page, else of the status notice, else of an older page. LIMITS A-10 */
  status: number
  message: string
  /** The cause in the log, where the place that throws does not know better. */
  cause: Cause
  /** Where it is documented; what is not says so. */
  documented: string
  /** Assumptions that the answer rests on. */
  restsOn: readonly AssumptionId[]
}

function row(
  status: number,
  message: string,
  cause: Cause,
  documented: string,
  ...restsOn: readonly AssumptionId[]
): ErrorRow {
  return { status, message, cause, documented, restsOn }
}

const missing = (parameter: string) =>
  row(400, `${parameter} is mandatory for this action.`, 'missing-common-parameter', 'common error codes')

/** Every error the API answers, by its code. */
export const errorTable = {
  // HTTP
  MalformedRequest: row(400, 'The request could not be read.', 'malformed-request', 'LIMITS A-29', 'A-29'),
  RequestTimeout: row(408, 'The request did not arrive in time.', 'request-timeout', 'LIMITS A-29', 'A-29'),
  RequestTooLarge: row(413, 'The request is too large.', 'request-too-large', 'LIMITS A-29', 'A-29'),
  RequestHeaderTooLarge: row(
    431,
    'The header of the request is too large.',
    'request-too-large',
    'LIMITS A-29',
    'A-29',
  ),
  UnsupportedHTTPMethod: row(
    403,
    'This http method not supported.',
    'method-not-allowed',
    'common error codes',
    'A-10',
  ),

  // the call
  'InvalidParameter.Format': row(
    400,
    'Specified parameter format is not valid.',
    'unsupported-format',
    'common error codes',
  ),
  MissingAction: missing('Action'),
  'InvalidAction.NotFound': row(
    404,
    'Specified api is not found, please check your url and method.',
    'unknown-operation',
    'common error codes',
  ),
  MissingVersion: missing('Version'),
  InvalidVersion: row(
    400,
    'Specified parameter Version is not valid.',
    'unsupported-version',
    'common error codes',
    'A-10',
  ),

  // the caller
  IncompleteSignature: row(
    400,
    'The request signature does not conform to Aliyun standards.',
    'signature-incomplete',
    'common error codes',
  ),
  MissingAccessKeyId: missing('AccessKeyId'),
  'InvalidAccessKeyId.NotFound': row(
    404,
    'Specified access key is not found.',
    'unknown-access-key',
    'common error codes',
  ),
  'InvalidAccessKeyId.Inactive': row(
    400,
    'Specified access key is disabled.',
    'access-key-inactive',
    'common error codes',
  ),
  'InvalidSecurityToken.Malformed': row(
    400,
    'Specified SecurityToken is malformed.',
    'security-token-unsupported',
    'common error codes, the name only',
  ),
  MissingTimestamp: missing('Timestamp'),
  IllegalTimestamp: row(
    400,
    'The input parameter "Timestamp" that is mandatory for processing this request is not supplied.',
    'timestamp-malformed',
    'common error codes',
  ),
  'InvalidTimeStamp.Format': row(
    400,
    'Specified time stamp or date value is not well formatted.',
    'timestamp-malformed',
    'common error codes',
  ),
  'InvalidTimeStamp.Expired': row(
    400,
    'Specified time stamp or date value is expired.',
    'timestamp-expired',
    'common error codes',
  ),
  MissingSignatureNonce: missing('SignatureNonce'),
  SignatureNonceUsed: row(
    400,
    'Specified signature nonce was used already.',
    'nonce-reused',
    'common error codes',
    'A-18',
  ),
  MissingSignatureMethod: missing('SignatureMethod'),
  MissingSignatureVersion: missing('SignatureVersion'),
  InvalidSignatureMethod: row(
    400,
    'Specified signature method is not valid.',
    'unsupported-signature',
    'common error codes',
  ),
  MissingSignature: missing('Signature'),
  SignatureDoesNotMatch: row(
    400,
    'Specified signature is not matched with our calculation.',
    'signature-mismatch',
    'common error codes',
  ),
  ServiceUnavailable: row(
    503,
    'The request has failed due to a temporary failure of the server.',
    'nonce-store-full',
    'common error codes',
  ),
  'Throttling.User': row(
    400,
    'Request was denied due to user flow control.',
    'throttled',
    'common error codes',
    'A-05',
    'A-06',
    'A-25',
  ),

  // the product
  ApiNotSupport: row(404, 'The specified API is not supported.', 'operation-declined', 'product error codes'),
  ParameterFieldCheckFailed: row(
    400, // missing or empty; 500 where a value fails its own check
    'Failed to validate the parameters. The parameters may be missing or invalid.',
    'parameter-missing',
    'InactivateDeviceCertificate page',
    'A-10',
  ),
  MqttInstanceNotFound: row(
    500,
    'Specified instance is not found',
    'instance-not-found',
    'InactivateDeviceCertificate page',
    'A-10',
  ),
  MqttOwnerCheckError: row(
    403,
    'Failed to validate the instance permission',
    'instance-of-another-account',
    'InactivateDeviceCertificate page',
    'A-10',
  ),
  PermissionCheckFailed: row(
    403,
    'Failed to verify API permissions.',
    'permission-denied',
    'InactivateDeviceCertificate page',
  ),
  InstancePermissionCheckFailed: row(
    400,
    'An error occurred while validating the permissions of the instance. ' +
      'Please verify the account that created the instance and its permissions settings.',
    'permission-denied',
    'RegisterCaCertificate page',
  ),
  FindDeviceBySnError: row(
    500,
    'Failed to find the device certificate by the SN. Please check sn is valid',
    'device-not-found',
    'InactivateDeviceCertificate page',
    'A-10',
  ),
  FindCaBySnError: row(
    500,
    'Failed to find the CA by the SN. Please check sn is valid.',
    'ca-not-found',
    'InactivateCaCertificate page',
    'A-10',
  ),
  RegisterCodeError: row(
    500,
    'Register code error in verification certificate.',
    'register-code-wrong',
    'RegisterCaCertificate page',
    'A-10',
  ),
  RegisterCodeUsed: row(401, 'Register code has been used.', 'register-code-used', 'status notice', 'A-10'),
  GetCaNumError: row(401, 'Failed to get ca num. Try again later.', 'store-failed', 'status notice', 'A-10'),
  CaNumExceed: row(401, 'CA certificate num exceed.', 'ca-limit-reached', 'status notice', 'A-10', 'A-33'),
  CertificateContentError: row(
    401,
    'Certificate content error, please check ca/verification certificate content. ' +
      'BasicConstraints extension should be set to true in CA certificate.',
    'certificate-unusable',
    'status notice',
    'A-10',
  ),
  SnNotUnique: row(401, 'Sn is not unique in global.', 'serial-number-taken', 'status notice', 'A-10', 'A-13'),
  InternalError: row(
    417,
    'An error occurred while processing your request. Try again later.',
    'internal-error',
    'status notice',
    'A-10',
  ),
} as const satisfies Record<string, ErrorRow>

/** A code of the error table. */
export type ErrorCode = keyof typeof errorTable
