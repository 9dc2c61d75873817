import { answerParent } from '../lib/child.ts'
import { connectSocket, pingreqBytes, type Broker, type Identity } from '../lib/mqtt-session.ts'
import { until } from '../lib/pace.ts'
import { latenciesOf, type Latencies } from '../lib/statistics.ts'

/** Begins to ping, answered when the first ping is out; `stop` ends it and is answered with the result. */
export type PingsOrder = { broker: Broker; device: Identity; perSecond: number } | 'stop'

/** Pings that went out at their moments, answered or not. */
export interface PingsResult {
  sent: number
  /** From PINGREQ to PINGRESP. */
  latencies: Latencies
  /** How late the generator itself was. */
  late: Latencies
}

/** What has not been answered so long after the last ping never will be. */
const patienceMs = 5_000

/** A live device that does nothing but send PINGREQ, at its moments. */
async function startPinging({ broker, device, perSecond }: Exclude<PingsOrder, 'stop'>) {
  const socket = await connectSocket(broker, device, 'TLSv1.3')
  const sentAt: number[] = []
  const late: number[] = []
  const latencies: number[] = []
  const told = new AbortController()
  socket.on('data', (chunk: Buffer) => {
    const now = performance.now()
    for (let at = 0; at < chunk.length; at += 2) latencies.push(now - sentAt[latencies.length]!) // PINGRESP has 2 bytes
  })
  const done = (async () => {
    for (let dueAt = performance.now(); !told.signal.aborted; dueAt += 1_000 / perSecond) {
      await until(dueAt)
      late.push(performance.now() - dueAt)
      sentAt.push(performance.now())
      socket.write(pingreqBytes)
    }
  })()
  return async (): Promise<PingsResult> => {
    told.abort()
    await done
    const deadline = performance.now() + patienceMs
    while (latencies.length < sentAt.length && !socket.destroyed && performance.now() < deadline)
      await until(performance.now() + 5)
    socket.destroy()
    return { sent: sentAt.length, latencies: latenciesOf(latencies), late: latenciesOf(late) }
  }
}

let stopPinging: (() => Promise<PingsResult>) | undefined

answerParent(async (order: PingsOrder): Promise<PingsResult | undefined> => {
  if (order === 'stop') return stopPinging!() // it was begun before
  stopPinging = await startPinging(order)
  return undefined
})
