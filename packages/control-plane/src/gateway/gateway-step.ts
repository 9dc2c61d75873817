import fp from 'fastify-plugin'
import { ApiError } from '../api-error.ts'
import type { ErrorCode } from '../errors.ts'
import type { Call } from './call.ts'
import type { Plane } from './plane.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The steps of the gateway that are registered, in order. */
    steps: GatewayStep[]
  }
}

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

/** Runs the steps one after the other; what one throws goes on. Most wait for nothing, and the next follows at once. */
async function runAll(steps: readonly GatewayStep[], call: Call, plane: Plane, request: StepRequest): Promise<void> {
  try {
    for (const step of steps) {
      const waiting = step.check(call, plane, request)
      if (waiting) await waiting
    }
  } catch (error) {
    countRefusal(error, call, plane)
    throw error
  }
}

/** Holds the steps of the gateway and runs them: one hook for all, since fastify asks a microsecond for each. */
export const steps = fp(
  async (app) => {
    const { plane } = app
    const inOrder: GatewayStep[] = []
    app.decorate('steps', inOrder)
    app.addHook('preHandler', (request) => runAll(inOrder, request.call, plane, request as unknown as StepRequest))
  },
  { name: 'steps', dependencies: ['pause'] },
)

/** Makes a step a plugin that runs for each call, in the order of registration. */
export function gatewayStep(step: GatewayStep) {
  const plugin = fp(async (app) => void app.steps.push(step), { name: step.name, dependencies: ['steps', step.after] })
  return Object.assign(plugin, { step })
}
