/** Where the topic of a PUBLISH ends whose body begins at `from`. */
export function topicEnd(bytes: Buffer, from: number): number {
  return from + 2 + bytes[from]! * 256 + bytes[from + 1]!
}

/** Where topic and packet identifier of a PUBLISH end. */
export function identifierEnd(header: number, bytes: Buffer, from: number): number {
  return topicEnd(bytes, from) + (header & 6 ? 2 : 0)
}

/** Where the properties of a PUBLISH of MQTT 5 end, as far as the bytes up to `to` tell. */
export function propertiesEnd(header: number, bytes: Buffer, from: number, to: number): number {
  let at = identifierEnd(header, bytes, from)
  let length = 0
  for (let shift = 0; shift < 28; shift += 7) {
    if (at >= to) return at + 1
    const byte = bytes[at]!
    at += 1
    length += (byte & 0x7f) << shift
    if (byte < 0x80) return at + length
  }
  return at
}
