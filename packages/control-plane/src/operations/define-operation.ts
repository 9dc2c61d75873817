import type { AssumptionId, Clock, Edition, Instance, Random, StatusChange, TouchAssumption } from '@apsaramq/model'
import type { Store } from '@apsaramq/store'
import type { Static, TObject } from '@sinclair/typebox'
import type { ErrorCode, RefusalForm } from '../errors.ts'
import type { ControlPlaneSettings } from '../settings.ts'

/** What an operation works with besides its parameters. */
export interface CallContext {
  /** Whose call it is. */
  accountId: string
  settings: ControlPlaneSettings
  store: Store
  clock: Clock
  random: Random
  assume: TouchAssumption
  /** Whose call it is, for the record: the time, the key and the request. */
  change: StatusChange
}

/** What an operation on an instance works with. */
export interface OperationContext extends CallContext {
  /** The instance asked for: it exists, and the caller may use it. */
  instance: Instance
}

/** The RAM row of an operation's page. */
export interface RamRow {
  /** As the vendor spells it. */
  action: string
  /** Actions that must be allowed as well. */
  dependsOn: readonly string[]
  /** How its page says that the action is not allowed, where that is not PermissionCheckFailed of the error table. */
  deniedAs?: RefusalForm
  /** The code that says a dependent action is missing, where it is not PermissionCheckFailed. */
  dependencyError?: ErrorCode
  /** Set where the page's dependent actions were not seen. LIMITS A-31 */
  inferred?: true
}

/** How a family of operations says what any of them may have to. */
export interface Wording {
  /** A parameter is missing or empty. */
  parameterMissing: RefusalForm
  /** A parameter fails its own check. */
  parameterInvalid: RefusalForm
  instanceNotFound: RefusalForm
  /** The instance belongs to another account. */
  instanceOfAnother: RefusalForm
  /** The emulator itself has failed. */
  internalError: RefusalForm
}

/** An operation of the API: data, and the one function that does it. */
export interface OperationDefinition<P extends TObject, R extends TObject, C = OperationContext> {
  action: string
  /** As documented; both are taken. LIMITS A-30 */
  methods: readonly ('GET' | 'POST')[]
  /** Set where the metadata names HTTPS as the only protocol. LIMITS A-43 */
  httpsOnly?: true
  params: P
  /** The parameter that names the instance; undefined where the operation is about none. */
  instanceParameter: C extends OperationContext ? string : undefined
  /** How its family of pages words what any operation may have to refuse. */
  wording: Wording
  /** Without RequestId, which every answer has. */
  result: R
  /** Codes it answers besides those of the gateway. */
  errors: readonly ErrorCode[]
  quota: Quota
  /** Whether all editions have it, or those of the setting. */
  editions: 'all' | 'as-set'
  /** Set where a setting may narrow it to what an older page said. LIMITS A-44 */
  beta?: Beta
  ram: RamRow
  /** Which page says so. */
  evidence: string
  /** @throws {ApiError} one of `errors` */
  handle(params: Static<P>, context: C): Promise<Static<R>>
}

/** Calls a second, of an account with its RAM users. */
export interface Quota {
  perSecond: number
  scope: 'account'
  /** Set where no page names it. */
  assumed?: AssumptionId
}

/** The instances that an operation was first documented for. */
export interface Beta {
  editions: readonly Edition[]
  regions: readonly string[]
}

/** An operation as the table holds it: its parameters are checked before it is asked. */
export interface Operation extends Omit<OperationDefinition<TObject, TObject>, 'handle' | 'instanceParameter'> {
  instanceParameter: string | undefined
  handle(params: object, context: CallContext & Partial<OperationContext>): Promise<object>
}

/** Types the function of an operation on an instance by its parameter and result schemas. */
export function defineOperation<P extends TObject, R extends TObject>(
  definition: OperationDefinition<P, R>,
): Operation {
  return definition as unknown as Operation // the gateway has checked the parameters by `params` when it calls
}

/** As {@link defineOperation}, for one that is about no instance. */
export function defineAccountOperation<P extends TObject, R extends TObject>(
  definition: OperationDefinition<P, R, CallContext>,
): Operation {
  return definition as unknown as Operation // as above
}
