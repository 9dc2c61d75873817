import type { FastifyInstance } from 'fastify'
import type { LimitWatch } from '../limits/limit-watch.ts'
import { earlyToleranceMs, onTheirWayMs } from '../limits/told-waits.ts'

/** How it is judged, for whoever reads the report. */
const terms = {
  rude: 'rude is who made a call again before the wait was over that the refusal of the same operation had told it',
  client: 'a client is an access key from one source address: those who share both have to share the wait',
  earlyToleranceMs,
  onTheirWayMs,
  onTheirWay:
    'calls that came sooner than that after the first refusal may have been on their way: they are not judged',
  median: 'medians are of the last 100 waits of a client and operation, the worst is of all',
}

/** `GET /politeness`: whether each client waited as it was told, the rude first (features D11). */
export function politenessRoute(app: FastifyInstance, watch: LimitWatch): void {
  app.get('/politeness', async () => {
    const { politeness, since } = watch
    const clients = politeness.clients()
    const rude = clients.filter(({ verdict }) => verdict === 'rude').map(({ name }) => name)
    return { rude: [...new Set(rude)], clients, since, forgotten: politeness.forgotten, terms }
  })
}
