import { expect, it } from 'vitest'
import { readLines } from './read-lines.ts'

async function linesOf(text: string, pieceLength: number): Promise<string[]> {
  const bytes = Buffer.from(text)
  const piece = Buffer.alloc(pieceLength)
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += pieceLength) {
      yield piece.subarray(0, bytes.copy(piece, 0, at, at + pieceLength)) // the same bytes again, as a disk gives them
    }
  }
  const lines: string[] = []
  for await (const some of readLines(pieces())) lines.push(...some.map((line) => line.toString()))
  return lines
}

it('gives the complete lines, wherever the pieces of the file end', async () => {
  const text = 'one\n\nthrée\nfour and more\nunfinished'
  for (let length = 1; length <= text.length + 2; length += 1) {
    expect(await linesOf(text, length)).toEqual(['one', '', 'thrée', 'four and more'])
  }
  expect(await linesOf('', 3)).toEqual([])
})
