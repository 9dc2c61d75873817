/** Writers of the data types of MQTT (5.0 §1.5), good and bad. */

export function byte(value: number): Buffer {
  return Buffer.of(value)
}

export function short(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff)
}

export function long(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A variable byte integer, with so many bytes more than it needs. */
export function variable(value: number, padding = 0): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>= 7
  } while (rest > 0)
  bytes.push(...Array.from({ length: padding }, () => 0x80))
  bytes[bytes.length - 1]! &= 0x7f
  return Buffer.from(bytes)
}

export function binary(bytes: Uint8Array): Buffer {
  return Buffer.concat([short(bytes.length), bytes])
}

export function text(characters: string): Buffer {
  return binary(Buffer.from(characters))
}

/** A packet: first byte, remaining length, body. */
export function frame(header: number, body: readonly Buffer[], padding = 0): Buffer {
  const bytes = Buffer.concat(body)
  return Buffer.concat([byte(header), variable(bytes.length, padding), bytes])
}

/** Bytes before the body of a packet that begins at `at`; undefined where they are not whole or too many. */
export function headLength(bytes: Buffer, at = 0): number | undefined {
  for (let length = 2; length <= 5; length += 1) {
    const last = bytes[at + length - 1]
    if (last === undefined) return undefined
    if (last < 0x80) return length
  }
  return undefined
}

/** Whole packets at the beginning of the bytes. */
export function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  let at = 0
  for (;;) {
    const head = headLength(bytes, at)
    if (head === undefined) return frames
    let length = 0
    for (let index = head - 1; index > 0; index -= 1) length = length * 128 + (bytes[at + index]! & 0x7f)
    const end = at + head + length
    if (end > bytes.length) return frames
    frames.push(bytes.subarray(at, end))
    at = end
  }
}

/** What follows the remaining length. */
export function bodyOf(packet: Buffer): Buffer {
  return packet.subarray(headLength(packet) ?? packet.length)
}
