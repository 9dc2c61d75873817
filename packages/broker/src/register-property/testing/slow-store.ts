import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CollectionName, CollectionReader, Reader, Store } from '@apsaramq/store'
import { withReads } from '../../testing/held-store.ts'
import type { Point } from './history.ts'
import type { Recorder } from './recorder.ts'

/** How long the answers of a store take, in turns of the event loop, a read after another. */
export interface Pace {
  turns: readonly number[]
  /** Reads that have not been answered. */
  pending: number
  /** Called once at the next read of a certificate, a CA or a topic. */
  onRead: (() => void)[]
}

/** Lets reads wait before and after they are made; transactions do not wait. */
export function slowStore(store: Store, pace: Pace, recorder: Recorder): Store {
  let reads = 0
  async function wait(): Promise<void> {
    reads += 1
    for (let turns = pace.turns[reads % pace.turns.length] ?? 0; turns > 0; turns -= 1) await nextTurn()
  }
  async function slowly<T>(read: () => Promise<T>, onAnswer: (asked: Point) => void): Promise<T> {
    const asked = recorder.tick()
    pace.pending += 1
    for (const tell of pace.onRead.splice(0)) tell()
    try {
      await wait()
      const answer = await read()
      await wait()
      onAnswer(asked)
      return answer
    } finally {
      pace.pending -= 1
    }
  }
  const slowReader = (name: CollectionName, reader: CollectionReader<CollectionName>) => {
    const onAnswer = (asked: Point) => {
      if (name === 'topics') recorder.topicsAnswered(asked)
    }
    return {
      get: (key: string) => slowly(() => reader.get(key), onAnswer),
      list: (...page: Parameters<typeof reader.list>) => slowly(() => reader.list(...page), onAnswer),
      count: reader.count.bind(reader),
    }
  }
  const readers = Object.entries(store.read).map(([name, reader]) => {
    const collection = name as CollectionName // the keys of a Reader
    return [collection, slowReader(collection, reader as CollectionReader<CollectionName>)]
  })
  return withReads(store, Object.fromEntries(readers) as Reader) // each answers what the reader behind it does
}
