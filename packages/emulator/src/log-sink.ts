import type { LogEntry } from '@apsaramq/model'
import { pino, type Logger } from 'pino'
import type { Settings } from './options.ts'

/** Writes log lines as NDJSON to stderr. */
export function createLogger(level: Settings['logLevel']): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 2, sync: false }),
  )
}

function levelOf(entry: LogEntry): 'debug' | 'info' | 'warn' | 'error' {
  if (entry.cause === 'internal-error' || entry.cause === 'store-failed') return 'error'
  if (entry.kind === 'refuse' || entry.kind === 'drop' || entry.kind === 'warn') return 'warn'
  if (entry.kind === 'call') return entry.cause === undefined ? 'debug' : 'warn'
  return 'info'
}

/** Hands entries to a logger: accepted calls at debug, refusals and drops at warn, our own failures at error. */
export function logTo(logger: Logger): (entry: LogEntry) => void {
  return ({ at: _at, message, ...facts }) => {
    logger[levelOf({ at: _at, message, ...facts })](facts, message)
  }
}
