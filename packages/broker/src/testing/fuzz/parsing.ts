import { parser, type Packet } from 'mqtt-packet'

/** What mqtt-packet, which aedes reads with, makes of bytes. */
export interface Parsing {
  take(chunk: Buffer): void
  packets: readonly Packet[]
  /** Why it reads no further. */
  error: Error | undefined
}

/** Nothing has come yet. */
export function startParsing(): Parsing {
  const reader = parser()
  const packets: Packet[] = []
  const parsing: Parsing = { packets, error: undefined, take: (chunk) => void reader.parse(chunk) }
  reader.on('packet', (packet) => packets.push(packet))
  reader.on('error', (error) => (parsing.error ??= error as Error)) // the parser's own are errors
  return parsing
}
