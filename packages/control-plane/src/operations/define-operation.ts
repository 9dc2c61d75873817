import type { Clock, Edition, Instance, Random, StatusChange, TouchAssumption } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
import type { Static, TObject } from '@sinclair/typebox'
import type { ErrorCode } from '../errors.ts'

/** What an operation works with besides its parameters. */
export interface OperationContext {
  /** The instance asked for: it exists, and the caller may use it. */
  instance: Instance
  store: Store
  clock: Clock
  random: Random
  assume: TouchAssumption
  /** Whose call it is, for the record: the time, the key and the request. */
  change: StatusChange
}

/** The RAM row of an operation's page. */
export interface RamRow {
  /** As the vendor spells it. */
  action: string
  /** Actions that must be allowed as well. */
  dependsOn: readonly string[]
  /** The code that says a dependent action is missing, where it is not PermissionCheckFailed. */
  dependencyError?: ErrorCode
  /** Set where the page's dependent actions were not seen. LIMITS A-31 */
  inferred?: true
}

/** An operation of the API: data, and the one function that does it. */
export interface OperationDefinition<P extends TObject, R extends TObject> {
  action: string
  /** As documented; both are taken. LIMITS A-30 */
  methods: readonly ('GET' | 'POST')[]
  params: P
  /** Without RequestId, which every answer has. */
  result: R
  /** Codes it answers besides those of the gateway. */
  errors: readonly ErrorCode[]
  quota: { perSecond: number; scope: 'account' }
  editions: readonly Edition[]
  ram: RamRow
  /** Which page says so. */
  evidence: string
  /** @throws {ApiError} one of `errors` */
  handle(params: Static<P>, context: OperationContext): Promise<Static<R>>
}

/** An operation as the table holds it: its parameters are checked before it is asked. */
export interface Operation extends Omit<OperationDefinition<TObject, TObject>, 'handle'> {
  handle(params: object, context: OperationContext): Promise<object>
}

/** Types the function of an operation by its parameter and result schemas. */
export function defineOperation<P extends TObject, R extends TObject>(
  definition: OperationDefinition<P, R>,
): Operation {
  return definition as unknown as Operation // the gateway has checked the parameters by `params` when it calls
}

/** What the 13 certificate operations share (each page's description, and the QPS page). */
export const certificateOperation = {
  quota: { perSecond: 500, scope: 'account' },
  editions: ['platinum'],
} as const

/** Codes that every certificate operation lists, and PermissionCheckFailed of the newest page. */
export const certificateErrors = [
  'ParameterFieldCheckFailed',
  'MqttInstanceNotFound',
  'MqttOwnerCheckError',
  'PermissionCheckFailed',
] as const satisfies readonly ErrorCode[]
