import type { TObject } from '@sinclair/typebox'
import type { ErrorCode, RefusalForm } from '../errors.ts'
import type { OperationDefinition } from './define-operation.ts'

/** PermissionCheckFailed as the table of product error codes has it: another status, another message. */
export const permissionDenied: RefusalForm = {
  code: 'PermissionCheckFailed',
  status: 400,
  message:
    'An error occurred while validating the resource permissions. ' +
    'Please check the account that created the instance, topic, and GroupId, and check their permission settings.',
  documented: 'product error codes',
}

/** What the operations outside the certificates share: they name the instance otherwise, and know other codes. */
export const sessionOperation = {
  instanceParameter: 'InstanceId',
  wording: {
    parameterMissing: { code: 'ParameterCheckFailed' },
    parameterInvalid: { code: 'InvalidParameter.%s' },
    instanceNotFound: { code: 'InstancePermissionCheckFailed', restsOn: ['A-38'] },
    instanceOfAnother: { code: 'InstancePermissionCheckFailed', restsOn: ['A-38'] },
    internalError: { code: 'InternalError', status: 500, documented: 'product error codes' },
  },
  editions: 'all',
} as const satisfies Partial<OperationDefinition<TObject, TObject>>

/** Codes that the session operations list. */
export const sessionErrors = [
  'InstancePermissionCheckFailed',
  'ParameterCheckFailed',
  'InvalidParameter.%s',
  'PermissionCheckFailed',
] as const satisfies readonly ErrorCode[]
