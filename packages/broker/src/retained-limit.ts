import type { Persistence } from './aedes-inside.ts'
import { ownBytes } from './own-bytes.ts'

/** What the retained messages of an instance may come to. LIMITS A-84 */
export interface RetainedLimits {
  maxMessages: number
  /** Bytes of topics and payloads, and of what each takes beside. */
  maxBytes: number
}

/** Each SUBSCRIBE looks at all of them. */
export const retainedLimits: Readonly<RetainedLimits> = { maxMessages: 10_000, maxBytes: 64 * 1024 * 1024 }

/** What a retained message takes beside topic and payload, about. */
const overheadBytes = 500

/** Bounds what is retained: what was set before all others goes first. @param onDropped told its topic */
export function boundRetained(
  persistence: Pick<Persistence, 'storeRetained'>,
  { maxMessages, maxBytes }: RetainedLimits,
  onDropped: (topic: string) => void,
): void {
  const sizes = new Map<string, number>()
  let total = 0
  const store = persistence.storeRetained.bind(persistence)
  const isTooMuch = () => sizes.size > maxMessages || total > maxBytes
  function forget(topic: string): void {
    total -= sizes.get(topic) ?? 0
    sizes.delete(topic)
  }
  function remember(topic: string, bytes: number): void {
    forget(topic)
    sizes.set(topic, bytes)
    total += bytes
  }
  async function drop(topic: string): Promise<void> {
    forget(topic)
    onDropped(topic)
    await store({ topic, payload: Buffer.alloc(0) })
  }
  persistence.storeRetained = async (packet) => {
    const payload = ownBytes(packet.payload)
    if (payload.length === 0) forget(packet.topic)
    else remember(packet.topic, overheadBytes + 2 * packet.topic.length + payload.length)
    await store({ ...packet, payload })
    while (isTooMuch()) await drop(sizes.keys().next().value!)
  }
}
