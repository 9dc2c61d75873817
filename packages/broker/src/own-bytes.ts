/**
 * A copy that holds nothing else alive, for bytes that are kept: those that came may be a slice of all that was read
 * with them, and a small copy made by Buffer.from is a slice of the 8 KiB it shares with what comes and goes.
 */
export function ownBytes(bytes: Uint8Array | string): Buffer {
  const own = Buffer.allocUnsafeSlow(Buffer.byteLength(bytes))
  if (typeof bytes === 'string') own.write(bytes)
  else own.set(bytes)
  return own
}
