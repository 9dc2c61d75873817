import type { Endpoints } from '@apsaramq/testkit'

/** What the suite reads of a log entry. */
export interface LoggedEntry {
  seq: number
  at: number
  kind: string
  cause?: string
  message: string
  clientId?: string
  requestId?: string
}

/** The first entry, of before or still to come, that is as wanted; read from the stream of the log. */
export async function logged(
  { management }: Pick<Endpoints, 'management'>,
  isWanted: (entry: LoggedEntry) => boolean,
): Promise<LoggedEntry> {
  const leaving = new AbortController()
  const response = await fetch(`${management}/log/stream?after=0`, { signal: leaving.signal })
  let text = ''
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const events = text.split('\n\n')
      text = events.pop()!
      const found = events.flatMap(entriesOf).find(isWanted)
      if (found) return found
    }
  } finally {
    leaving.abort()
  }
  throw new Error('the stream of the log ended')
}

function entriesOf(event: string): LoggedEntry[] {
  const data = /^data: (\{"seq".*)$/m.exec(event)?.[1]
  return data ? [JSON.parse(data) as LoggedEntry] : []
}
