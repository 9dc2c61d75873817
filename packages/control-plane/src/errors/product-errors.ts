import { row, type ErrorRow } from './error-row.ts'

/** What the product itself says. */
export const productErrors = {
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
  ParameterCheckFailed: row(
    400,
    'An error occurred while validating the parameters. The parameters may be missing or invalid.',
    'parameter-missing',
    'product error codes',
    'A-37',
  ),
  'InvalidParameter.%s': row(
    400,
    'An error occurred while validating the parameter. The parameter may be missing or invalid.',
    'parameter-invalid',
    'product error codes',
    'A-37',
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
  CheckAccountInfoFailed: row(
    400,
    'An error occurred while checking the account information by the STS token.',
    'token-holder-gone',
    'product error codes',
    'A-47',
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
