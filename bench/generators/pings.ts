import { answerParent } from '../lib/child.ts'
import { connectSocket, pingreqBytes, type Broker, type Identity } from '../lib/mqtt-session.ts'
import { pace, until } from '../lib/pace.ts'
import { latenciesOf, type Latencies } from '../lib/statistics.ts'

/** What the generator is to do. */
export interface PingsOrder {
  broker: Broker
  device: Identity
  perSecond: number
  seconds: number
}

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

/** A live device that does nothing but send PINGREQ, in a process of its own. */
answerParent(async ({ broker, device, perSecond, seconds }: PingsOrder): Promise<PingsResult> => {
  const socket = await connectSocket(broker, device, 'TLSv1.3')
  const sentAt: number[] = []
  const latencies: number[] = []
  socket.on('data', (chunk: Buffer) => {
    const now = performance.now()
    for (let at = 0; at < chunk.length; at += 2) latencies.push(now - sentAt[latencies.length]!) // PINGRESP has 2 bytes
  })
  const late = await pace(perSecond, Math.ceil(perSecond * seconds), () => {
    sentAt.push(performance.now())
    socket.write(pingreqBytes)
  })
  const deadline = performance.now() + patienceMs
  while (latencies.length < sentAt.length && !socket.destroyed && performance.now() < deadline)
    await until(performance.now() + 5)
  socket.destroy()
  return { sent: sentAt.length, latencies: latenciesOf(latencies), late: latenciesOf(late) }
})
