const lineFeed = 0x0a

/** The complete lines of a file, without their line feeds, by the piece; what follows the last one is left out. */
export async function* readLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer[]> {
  let rest: Uint8Array[] = []
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(lineFeed)
    if (end < 0) {
      rest.push(piece)
      continue
    }
    yield split(Buffer.concat([...rest, piece.subarray(0, end + 1)]))
    rest = [piece.subarray(end + 1)]
  }
}

function split(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return lines
}
