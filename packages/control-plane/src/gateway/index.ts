import { accessKey } from './access-key.ts'
import { conformance } from './conformance/conformance.ts'
import { declined } from './declined.ts'
import { edition } from './edition.ts'
import { instance } from './instance.ts'
import { operation } from './operation.ts'
import { owner } from './owner.ts'
import { parameters } from './parameters.ts'
import { ram } from './ram.ts'
import { rpc } from './rpc.ts'
import { signature } from './signature.ts'
import { throttle } from './throttle.ts'
import { timeAndNonce } from './time-and-nonce.ts'
import { transport } from './transport.ts'

/** The gateway, in order; each step names the one before it, so that another order does not boot. LIMITS A-20 */
export const gateway = [
  rpc,
  operation,
  accessKey,
  timeAndNonce,
  signature,
  transport,
  declined,
  throttle,
  conformance,
  parameters,
  instance,
  owner,
  ram,
  edition,
]
