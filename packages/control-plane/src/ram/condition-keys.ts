import { isIP } from 'node:net'
import { plainAddress } from './address-block.ts'
import { momentText } from './moment.ts'

/** What conditions are asked about. */
export interface RequestFacts {
  /** As the socket has it. */
  remoteAddress: string
  /** Whether the call came over HTTPS. */
  secure: boolean
  /** Wall-clock milliseconds. */
  now: number
}

/** The value of a key in the ways that the families of operators read it; what is missing cannot be read that way. */
export interface KeyValue {
  string: string
  numeric?: number
  /** Wall-clock milliseconds, to the second. */
  date?: number
  bool?: string
  ip?: string
}

/** A family of operators. */
export type ValueFamily = keyof KeyValue

/** A condition key: who may read it, and what a request has there. */
export interface ConditionKey {
  families: readonly ValueFamily[]
  valueOf(facts: RequestFacts): KeyValue
}

const truth = (valueOf: (facts: RequestFacts) => boolean): ConditionKey => ({
  families: ['bool', 'string'],
  valueOf: (facts) => ({ string: String(valueOf(facts)), bool: String(valueOf(facts)) }),
})

/** The condition keys that a call of this API has (RAM, policy elements: common keys). */
export const conditionKeys: ReadonlyMap<string, ConditionKey> = new Map(
  Object.entries<ConditionKey>({
    'acs:SourceIp': {
      families: ['ip', 'string'],
      valueOf({ remoteAddress }) {
        const address = plainAddress(remoteAddress)
        return isIP(address) === 0 ? { string: address } : { string: address, ip: address }
      },
    },
    'acs:SecureTransport': truth(({ secure }) => secure),
    'acs:CurrentTime': {
      families: ['date', 'string', 'numeric'],
      valueOf({ now }) {
        const seconds = Math.floor(now / 1000)
        return { string: momentText(now), date: seconds * 1000, numeric: seconds } // seconds since 1970: LIMITS A-50
      },
    },
    'acs:MFAPresent': truth(() => false), // an AccessKey signs without a second factor: LIMITS A-51
  }),
)
