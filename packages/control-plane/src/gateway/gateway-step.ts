import fp from 'fastify-plugin'
import { ApiError } from '../api-error.ts'
import type { ErrorCode } from '../errors.ts'
import type { Call } from './call.ts'
import type { Plane } from './plane.ts'

/** A check of the gateway: throws, or adds to the call what it has found. */
export interface GatewayStep {
  name: string
  /** The step that must have run; a list in another order does not boot. */
  after: string
  /** Codes it refuses with. */
  errors: readonly ErrorCode[]
  /** @throws {ApiError} one of `errors` */
  check(call: Call, plane: Plane, request: StepRequest): Promise<void> | void
}

/** What a step may see of the request. */
export interface StepRequest {
  method: string
  headers: Record<string, string | string[] | undefined>
  raw: { url?: string | undefined }
  /** Compiles a schema on first sight and keeps the result. */
  compileValidationSchema(schema: object): FieldValidator
}

/** Validates, and leaves what it found wrong in `errors`. */
export interface FieldValidator {
  (input: unknown): unknown
  errors?: { keyword: string; instancePath: string; message?: string; params?: object }[] | null
}

/**
 * Counts a refusal as resting on the order of the checks. Whether a later step would have refused the call too, and
 * the order so has decided which error it gets, is not known without asking steps that rely on those before them: so
 * each refusal of a step counts. LIMITS A-20
 */
function countRefusal(error: unknown, { action }: Call, { assume }: Plane): void {
  if (error instanceof ApiError) assume('A-20', action === '' ? error.code : `${action}: ${error.code}`)
}

/** Runs a step; what it throws goes on. Most steps wait for nothing, so that the next one may follow at once. */
function run(step: GatewayStep, call: Call, plane: Plane, request: StepRequest): Promise<void> | undefined {
  try {
    const waiting = step.check(call, plane, request)
    return waiting ? finish(waiting, call, plane) : undefined
  } catch (error) {
    countRefusal(error, call, plane)
    throw error
  }
}

async function finish(waiting: Promise<void>, call: Call, plane: Plane): Promise<void> {
  try {
    await waiting
  } catch (error) {
    countRefusal(error, call, plane)
    throw error
  }
}

/** Makes a step a plugin that runs for each call, in the order of registration. */
export function gatewayStep(step: GatewayStep) {
  const plugin = fp(
    async (app) => {
      const { plane } = app
      app.addHook('preHandler', (request, _reply, done) => {
        const waiting = run(step, request.call, plane, request as unknown as StepRequest)
        if (waiting) return waiting
        done()
        return undefined
      })
    },
    { name: step.name, dependencies: [step.after] },
  )
  return Object.assign(plugin, { step })
}
