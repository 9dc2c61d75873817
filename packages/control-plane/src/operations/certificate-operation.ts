import type { TObject } from '@sinclair/typebox'
import type { ErrorCode } from '../errors.ts'
import type { OperationDefinition } from './define-operation.ts'

/** What the 13 certificate operations share (each page's description, and the QPS page). */
export const certificateOperation = {
  instanceParameter: 'MqttInstanceId',
  wording: {
    parameterMissing: { code: 'ParameterFieldCheckFailed' },
    parameterInvalid: { code: 'ParameterFieldCheckFailed', status: 500 }, // vendor: the page lists 400 and 500
    instanceNotFound: { code: 'MqttInstanceNotFound' },
    instanceOfAnother: { code: 'MqttOwnerCheckError' },
    internalError: { code: 'InternalError' },
  },
  quota: { perSecond: 500, scope: 'account' },
  editions: 'as-set',
} as const satisfies Partial<OperationDefinition<TObject, TObject>>

/** Codes that every certificate operation lists, and PermissionCheckFailed of the newest page. */
export const certificateErrors = [
  'ParameterFieldCheckFailed',
  'MqttInstanceNotFound',
  'MqttOwnerCheckError',
  'PermissionCheckFailed',
] as const satisfies readonly ErrorCode[]
