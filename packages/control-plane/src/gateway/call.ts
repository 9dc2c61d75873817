import type { AccessKey, Instance } from '@apsaramq/model'
import type { ApiError } from '../api-error.ts'
import type { Operation } from '../operations/define-operation.ts'
import type { Principal } from '../ram/permissions.ts'
import type { Acs3Authorization } from '../signature/acs3.ts'
import type { Parameters } from '../signature/form-parameters.ts'
import type { Verdict } from '../throttle/verdict.ts'
import { json, type Rendering } from './rendering.ts'

/** Who makes a call: the account, and the RAM user or the role where it is not the owner. */
export interface Caller extends Principal {
  accountId: string
  /** What it is signed with; undefined where nobody signed: `auth` is off. */
  accessKey?: Pick<AccessKey, 'id' | 'secret'>
  /** Set where the holder of a security token is not there any more: who that was. */
  gone?: string
}

const noBody = Buffer.alloc(0)
const none: Parameters = Object.freeze(Object.create(null) as Parameters)

/** What the gateway knows of one call; each plugin adds what it has found out. */
export class Call {
  readonly requestId: string
  /** Monotonic milliseconds. */
  readonly startedAt: number
  readonly remoteAddress: string
  /** Whether it came over HTTPS. */
  readonly secure: boolean

  rendering: Rendering = json
  /** The whole body, or of one too large for a form its beginning. */
  body: Buffer = noBody
  /** Lower-case hex SHA-256 of a body that is too large for a form. */
  bodyHash: string | undefined = undefined
  scheme: 'V1' | 'V3' = 'V1'
  query: Parameters = none
  /** Query and form. */
  parameters: Parameters = none
  authorization: Acs3Authorization | undefined = undefined

  action = ''
  /** Undefined where the operation is declined. */
  operation: Operation | undefined = undefined
  accessKeyId = ''
  caller: Caller | undefined = undefined
  timestamp = 0
  nonce = ''
  verdict: Verdict | undefined = undefined
  instance: Instance | undefined = undefined
  refusal: ApiError | undefined = undefined
  /** What comes close to what was not found, for the log. */
  nearMiss: string | undefined = undefined

  constructor(requestId: string, startedAt: number, remoteAddress: string, secure = false) {
    this.requestId = requestId
    this.startedAt = startedAt
    this.remoteAddress = remoteAddress
    this.secure = secure
  }
}

/** What an earlier plugin has put in; its absence is a bug of the gateway's order. */
export function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the gateway has not found ${name} yet`)
  return value
}
