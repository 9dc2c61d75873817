const lineFeed = 0x0a

/**
 * The complete lines of a file, without their line feeds, by the piece; what follows the last one is left out.
 * Lines may lie in the piece itself: they are good until the next ones are asked for.
 */
export async function* readLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer[]> {
  let begun: Uint8Array[] = []
  for await (const piece of pieces) {
    const first = piece.indexOf(lineFeed)
    const last = piece.lastIndexOf(lineFeed)
    if (first >= 0) {
      yield [Buffer.concat([...begun, piece.subarray(0, first)]), ...split(piece, first + 1, last)]
      begun = []
    }
    begun.push(Uint8Array.from(piece.subarray(last + 1)))
  }
}

function split(piece: Uint8Array, from: number, last: number): Buffer[] {
  const lines: Buffer[] = []
  for (let start = from; start <= last;) {
    const end = piece.indexOf(lineFeed, start)
    lines.push(Buffer.from(piece.buffer, piece.byteOffset + start, end - start))
    start = end + 1
  }
  return lines
}
