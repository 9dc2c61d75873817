import type { ConformanceReport } from '@apsaramq/control-plane'
import { StoreUnavailableError } from '@apsaramq/store'
import { fastify, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { LimitChangeError } from '../limits/limit-change.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { certificateRoutes, isRequestError } from './certificates.ts'
import { clientStatusRoutes } from './client-status.ts'
import { conformanceRoute } from './conformance.ts'
import { crlRoute } from './crl.ts'
import { guardManagement, type GateOptions } from './gate.ts'
import { lifecycleRoute } from './lifecycle.ts'
import { limitRoutes, type LimitParts } from './limits.ts'
import { logRoutes, type LogParts } from './log.ts'
import { metricsRoute } from './metrics.ts'
import { observationRoutes, type ObservationParts } from './observation.ts'
import { politenessRoute } from './politeness.ts'
import { resetRoute, type Reset } from './reset.ts'
import { seedRoute } from './seed.ts'
import { securityTokenRoutes } from './security-tokens.ts'

/** What the management port is made of. */
export interface ManagementOptions extends ObservationParts, LogParts, LimitParts, GateOptions {
  metrics: Metrics
  /** What API clients sent otherwise than the pages say. */
  conformance(): ConformanceReport
  reset: Reset
}

/** The start is not over, so there is nothing yet to answer from. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError'
}

function statusOf(error: FastifyError): number {
  if (error instanceof NotReadyError || error instanceof StoreUnavailableError) return 503
  return isRequestError(error) || error instanceof LimitChangeError ? 400 : (error.statusCode ?? 500)
}

/** A path that cannot be decoded reaches no route and no handler. */
function answerBadPath({ code, message }: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  void reply.code(400).send({ error: code, message })
}

/** The management port: apart from the emulated API, JSON over HTTP (does not listen). */
export function createManagementApp(options: ManagementOptions): FastifyInstance {
  const app = fastify({
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
    forceCloseConnections: true,
    frameworkErrors: answerBadPath,
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = statusOf(error)
    if (status >= 500 && status !== 503) {
      const message = `${request.method} ${request.url}: ${error.stack ?? error.message}`
      options.log.write({ plane: 'management', kind: 'warn', cause: 'internal-error', message })
    }
    return reply.code(status).send({ error: error.code ?? error.name, message: error.message })
  })
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: 'unknown-path', message: `there is no ${request.method} ${request.url}` }),
  )
  guardManagement(app, options)
  observationRoutes(app, options)
  logRoutes(app, options)
  clientStatusRoutes(app, options)
  metricsRoute(app, options.metrics)
  lifecycleRoute(app, options.parts)
  seedRoute(app)
  certificateRoutes(app, options.parts)
  crlRoute(app, options.parts)
  securityTokenRoutes(app, options.parts, options.log)
  limitRoutes(app, options)
  politenessRoute(app, options.limitWatch)
  conformanceRoute(app, () => options.conformance())
  resetRoute(app, options.reset)
  return app
}
