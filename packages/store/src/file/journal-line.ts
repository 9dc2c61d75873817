import { crc32 } from 'node:zlib'
import type { CollectionName } from '../collections.ts'
import type { Commit, Write } from '../commit.ts'

/** One write as the journal has it: a whole record, only the fields that changed, or a deletion. */
export type JournalWrite =
  | { c: CollectionName; put: object }
  | { c: CollectionName; k: string; set: object }
  | { c: CollectionName; k: string; gone: true }

/** A line of the journal. A large commit takes several lines, and is one only when its last is there. */
export interface JournalLine {
  /** Number of the commit. */
  n: number
  /** Everything before it is gone; on the first line of a reset. */
  reset?: true
  /** Further lines of this commit follow. */
  more?: true
  w: JournalWrite[]
}

/** A line that was read, and up to which byte the file had been durable when it was written. */
export interface ReadLine extends JournalLine {
  durable: number
}

/** The first line of a journal, on disk before the document that refers to it: without it a journal was never begun. */
export const journalHeader = Buffer.from('apsaramq journal 1\n')

/**
 * Writes of a line at most, so that no line is long to write or to read: with certificates some 50 kB. A text beyond
 * 128 kB has memory of its own, which the system hands out and takes back for each line, at ten times the cost.
 */
const writesPerLine = 32
/** Characters that are handed over at once. */
const pieceLength = 1 << 18

/**
 * The text of commits, in pieces. Each line is `<crc32> <durable> <json>`; `durable` is the length of the file
 * before the group, by which a line proves that all before that byte had been on disk.
 */
export function* encodeCommits(commits: readonly Commit[], durable: number): Generator<string> {
  let piece = ''
  for (const commit of commits) {
    for (const line of linesOf(commit)) {
      piece += encodeLine(line, durable)
      if (piece.length < pieceLength) continue
      yield piece
      piece = ''
    }
  }
  if (piece !== '') yield piece
}

function linesOf(commit: Commit): Iterable<JournalLine> {
  const { number: n, reset, writes } = commit
  return !reset && writes.length === 1 ? [{ n, w: [journalWrite(writes[0]!)] }] : manyLinesOf(commit)
}

function* manyLinesOf({ number, reset, writes }: Commit): Generator<JournalLine> {
  const lines = Math.max(1, Math.ceil(writes.length / writesPerLine))
  for (let at = 0; at < lines; at += 1) {
    const w = writes.slice(at * writesPerLine, (at + 1) * writesPerLine).map(journalWrite)
    yield { n: number, ...(reset && at === 0 && { reset }), ...(at < lines - 1 && { more: true }), w }
  }
}

function journalWrite({ collection: c, key: k, before, after }: Write): JournalWrite {
  if (after === undefined) return { c, k, gone: true }
  const set = before && changedFields(before as Fields, after as Fields) // records are plain objects
  return set ? { c, k, set } : { c, put: after }
}

type Fields = Record<string, unknown>

/** The fields in which a record differs from what it was; undefined where it has other fields than it had. */
function changedFields(before: Fields, after: Fields): Fields | undefined {
  let count = 0
  const changed: Fields = {}
  for (const name in after) {
    if (!(name in before) || after[name] === undefined) return undefined
    if (before[name] !== after[name]) changed[name] = after[name]
    count += 1
  }
  return count === Object.keys(before).length ? changed : undefined
}

function encodeLine(line: JournalLine, durable: number): string {
  const text = `${durable} ${JSON.stringify(line)}`
  return `${checksum(text)} ${text}\n`
}

const checksum = (data: string | Uint8Array) => crc32(data).toString(16).padStart(8, '0')

/** The line of these bytes, which end before the line feed; undefined where they are not as they were written. */
export function decodeLine(bytes: Buffer): ReadLine | undefined {
  const begins = bytes.toString('latin1', 0, 9)
  if (begins !== `${checksum(bytes.subarray(9))} `) return undefined
  const text = bytes.toString('utf8', 9)
  const space = text.indexOf(' ')
  const line = JSON.parse(text.slice(space + 1)) as JournalLine // the checksum says that we wrote it
  return { ...line, durable: Number(text.slice(0, space)) }
}
