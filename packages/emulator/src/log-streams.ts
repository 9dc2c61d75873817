import type { ServerResponse } from 'node:http'
import type { Cancel, Clock, LogEntry } from '@apsaramq/model'
import type { Numbered } from './log-ring.ts'

/** How the streams of a log are kept in bounds. */
export interface LogStreamLimits {
  /** Streams at a time. */
  maxStreams: number
  /** Entries that are taken from the log at once when a stream catches up. */
  batch: number
  /** Bytes a reader may leave unread before it is left behind. */
  maxUnreadBytes: number
  /** How often a comment is sent, so that both ends notice a dead connection. */
  heartbeatMs: number
}

/** A log that can be followed. */
export interface StreamedLog<E extends Numbered> {
  /** The oldest entries after `seq`, in order; at most `limit`. */
  following(seq: number, limit: number): E[]
  /** `seq` of the newest entry; 0 before the first. */
  lastSeq(): number
  /** The greatest `seq` that is not kept any more; 0 while all are. */
  lostUpTo(): number
  /** Calls `listener` for each entry from now on. */
  subscribe(listener: (entry: E) => void): () => void
}

/** What a reader asks for. */
export interface StreamQuery<E extends Numbered> {
  /** Where it stopped; without it the stream begins now. */
  after?: number | undefined
  /** What it is shown of an entry: nothing, or one event for each item. */
  view(entry: E): readonly object[]
}

const defaults: LogStreamLimits = { maxStreams: 64, batch: 500, maxUnreadBytes: 256 * 1024, heartbeatMs: 15_000 }

/**
 * The log as server-sent events. A stream holds no entries of its own: a reader that is slow is left behind and taken
 * on from the log when it reads again; what has left the log meanwhile is told by a `gap` event (features F1).
 */
export class LogStreams<E extends Numbered = LogEntry> {
  readonly #log: StreamedLog<E>
  readonly #clock: Clock
  readonly #limits: LogStreamLimits
  readonly #streams = new Set<LogStream<E>>()
  readonly #unsubscribe: () => void
  #cancelHeartbeat: Cancel | undefined

  constructor(log: StreamedLog<E>, clock: Clock, limits: Partial<LogStreamLimits> = {}) {
    this.#log = log
    this.#clock = clock
    this.#limits = { ...defaults, ...limits }
    this.#unsubscribe = log.subscribe((entry) => this.#tell(entry))
  }

  /** How many there are. */
  get count(): number {
    return this.#streams.size
  }

  /** Whether another stream may begin. */
  hasRoom(): boolean {
    return this.#streams.size < this.#limits.maxStreams
  }

  /** Streams the log to a response until its connection closes. */
  open(response: ServerResponse, query: StreamQuery<E>): void {
    const stream = new LogStream(response, this.#log, query, this.#limits)
    this.#streams.add(stream)
    response.once('close', () => this.#closed(stream))
    if (this.#streams.size === 1) this.#beat()
  }

  /** Ends every stream. */
  end(): void {
    this.#unsubscribe()
    for (const stream of this.#streams) stream.end()
  }

  #tell(entry: E): void {
    for (const stream of this.#streams) stream.tell(entry)
  }

  #closed(stream: LogStream<E>): void {
    this.#streams.delete(stream)
    if (this.#streams.size === 0) this.#cancelHeartbeat?.()
  }

  #beat(): void {
    this.#cancelHeartbeat?.()
    this.#cancelHeartbeat = this.#clock.after(this.#limits.heartbeatMs, () => {
      for (const stream of this.#streams) stream.beat()
      this.#beat()
    })
  }
}

/** One reader. */
class LogStream<E extends Numbered> {
  readonly #response: ServerResponse
  readonly #log: StreamedLog<E>
  readonly #view: StreamQuery<E>['view']
  readonly #limits: LogStreamLimits
  /** `seq` of the last entry that was sent, or passed over by the view. */
  #position: number
  #toldLoss = 0
  /** Whether it has all there is, so that the next entry can be sent at once. */
  #isUpToDate = false

  constructor(response: ServerResponse, log: StreamedLog<E>, { after, view }: StreamQuery<E>, limits: LogStreamLimits) {
    this.#response = response
    this.#log = log
    this.#limits = limits
    this.#view = view
    this.#position = after ?? log.lastSeq()
    response.on('drain', () => this.#catchUp())
    this.#write('retry: 1000\n\n')
    this.#noticeRestart()
    this.#catchUp()
  }

  tell(entry: E): void {
    if (!this.#isUpToDate) return
    this.#send(entry)
    this.#isUpToDate = this.#hasRoom()
  }

  beat(): void {
    if (this.#isUpToDate) this.#write(': still there\n\n')
  }

  end(): void {
    this.#response.end()
  }

  /** A reader that was connected to an earlier run has seen numbers that are not there yet. */
  #noticeRestart(): void {
    if (this.#position <= this.#log.lastSeq()) return
    this.#gap(0, 'the log has begun anew since')
    this.#position = 0
  }

  /** Once for each loss: some of what is before it may be kept, since refusals stay longer than calls. */
  #noticeLoss(): void {
    const lost = this.#log.lostUpTo()
    if (lost > this.#position && lost > this.#toldLoss) this.#gap(lost, 'entries between have left the log')
    this.#toldLoss = lost
  }

  #catchUp(): void {
    while (this.#hasRoom()) {
      this.#noticeLoss()
      const entries = this.#log.following(this.#position, this.#limits.batch)
      for (const entry of entries) this.#send(entry)
      if (entries.length < this.#limits.batch) {
        this.#isUpToDate = true
        return
      }
    }
    this.#isUpToDate = false
  }

  #send(entry: E): void {
    this.#position = entry.seq
    const events = this.#view(entry).map((item) => `id: ${entry.seq}\ndata: ${JSON.stringify(item)}\n\n`)
    this.#write(events.join('')) // at once: who has seen the number has seen them all
  }

  /** Without an id: a reader that comes back asks again for what it has not seen. */
  #gap(upTo: number, says: string): void {
    this.#write(`event: gap\ndata: ${JSON.stringify({ after: this.#position, upTo, message: says })}\n\n`)
  }

  #hasRoom(): boolean {
    return this.#response.writableLength < this.#limits.maxUnreadBytes
  }

  #write(text: string): void {
    if (text !== '' && !this.#response.writableEnded && !this.#response.destroyed) this.#response.write(text)
  }
}
