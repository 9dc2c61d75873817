import { row, type ErrorRow } from './error-row.ts'

const missing = (parameter: string) =>
  row(400, `${parameter} is mandatory for this action.`, 'missing-common-parameter', 'common error codes')

/** What the vendor's gateway says, whatever the product behind it. */
export const gatewayErrors = {
  // HTTP
  MalformedRequest: row(400, 'The request could not be read.', 'malformed-request', 'LIMITS A-29', 'A-29'),
  RequestTimeout: row(408, 'The request did not arrive in time.', 'request-timeout', 'LIMITS A-29', 'A-29', 'A-69'),
  RequestTooLarge: row(413, 'The request is too large.', 'request-too-large', 'LIMITS A-29', 'A-29', 'A-69'),
  RequestHeaderTooLarge: row(
    431,
    'The header of the request is too large.',
    'request-too-large',
    'LIMITS A-29',
    'A-29',
    'A-69',
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
  'InvalidProtocol.NeedSsl': row(
    404,
    'Your request is denied as lack of ssl protect.',
    'https-needed',
    'common error codes',
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
  MissingSecurityToken: row(
    400,
    'SecurityToken is mandatory for this action.',
    'security-token-missing',
    'common error codes, the name only',
    'A-45',
    'A-46',
  ),
  'InvalidSecurityToken.Malformed': row(
    400,
    'Specified SecurityToken is malformed.',
    'security-token-malformed',
    'common error codes',
    'A-45',
    'A-46',
  ),
  'InvalidSecurityToken.MismatchWithAccessKey': row(
    400,
    'Specified SecurityToken mismatch with the AccessKey.',
    'security-token-mismatch',
    'common error codes',
    'A-45',
    'A-46',
  ),
  'InvalidSecurityToken.Expired': row(
    403,
    'Specified SecurityToken is expired.',
    'security-token-expired',
    'common error codes',
    'A-45',
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
  'Throttling.Api': row(
    400,
    'Request was denied due to api flow control.',
    'throttled',
    'common error codes',
    'A-05',
    'A-06',
    'A-25',
  ),
  Throttling: row(
    400,
    'Request was denied due to flow control.',
    'throttled',
    'common error codes',
    'A-05',
    'A-06',
    'A-25',
  ),
} as const satisfies Record<string, ErrorRow>
