import fp from 'fastify-plugin'
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

/** Makes a step a plugin that runs for each call, in the order of registration. */
export function gatewayStep(step: GatewayStep) {
  const plugin = fp(
    async (app) => {
      const { plane } = app
      app.addHook('preHandler', (request, _reply, done) => {
        const waiting = step.check(request.call, plane, request as unknown as StepRequest)
        if (waiting) return waiting
        done() // most steps wait for nothing: without a promise the next one follows at once
        return undefined
      })
    },
    { name: step.name, dependencies: [step.after] },
  )
  return Object.assign(plugin, { step })
}
