import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { pin } from './processor.ts'

interface Answer {
  body?: unknown
  error?: string
}

/** A program of the bench that runs beside it and answers what it is asked, one question after the other. */
export interface Child {
  pid: number
  pinned: boolean
  /** @throws {Error} with what went wrong in the child */
  ask<T>(question: unknown): Promise<T>
  stop(): Promise<void>
}

/** Starts a program of the bench on a core. @param file URL of its module */
export function startChild(file: URL, core: number): Child {
  const child = fork(file, [], { execArgv: ['--import', import.meta.resolve('tsx')], serialization: 'advanced' })
  const pid = child.pid! // fork throws where it cannot start
  return {
    pid,
    pinned: pin(pid, core),
    async ask<T>(question: unknown) {
      child.send(question as object)
      const { body, error } = await answerOf(child)
      if (error !== undefined) throw new Error(`${file.pathname.split('/').at(-1)}: ${error}`)
      return body as T // the two sides of a question share a type
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const ended = new AbortController()
  const died = once(child, 'exit', { signal: ended.signal }).then(([code]) => ({ error: `ended with ${code}` }))
  const answered = once(child, 'message', { signal: ended.signal }).then(([answer]) => answer as Answer)
  try {
    return await Promise.race([answered, died])
  } finally {
    died.catch(() => undefined) // the loser of the race is told to end, which is no news
    answered.catch(() => undefined)
    ended.abort()
  }
}

/** The other side: answers each question; ends when the bench does. */
export function answerParent<Q>(answer: (question: Q) => Promise<unknown>): void {
  process.on('message', (question) => {
    answer(question as Q).then(
      (body) => process.send!({ body }),
      (error: unknown) =>
        process.send!({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.once('disconnect', () => process.exit())
}
