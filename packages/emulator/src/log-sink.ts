import { systemClock, type Clock, type LogEntry } from '@apsaramq/model'
import { pino, type Logger } from 'pino'
import type { Settings } from './options.ts'

/** Lines are written together, for a write costs a tenth of what a connection does; all are before the process exits. */
const gathered = { minLength: 4096, periodicFlush: 50 } // bytes, milliseconds

/** Writes log lines as NDJSON to stderr, within 50 ms. */
export function createLogger(level: Settings['logLevel']): Logger {
  const stderr = pino.destination({ fd: 2, sync: false, ...gathered })
  stderr.on('error', nowhereToSaySo)
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stderr,
  )
}

/** A log that cannot be written, on a full disk say, does not end what it tells of: the management port has it, too. */
function nowhereToSaySo(): void {}

function levelOf(entry: LogEntry): 'debug' | 'info' | 'warn' | 'error' {
  if (entry.cause === 'internal-error' || entry.cause === 'store-failed') return 'error'
  if (entry.kind === 'refuse' || entry.kind === 'drop' || entry.kind === 'warn') return 'warn'
  if (entry.kind === 'call') return entry.cause === undefined ? 'debug' : 'warn'
  return 'info'
}

const quietMs = 1_000

/**
 * Lets one throttled call a second through, and counts the others: a client above the limit makes thousands, and a line
 * for each would cost more than refusing them. Every one is in the log of the management port.
 */
class ThrottledCalls {
  readonly #logger: Logger
  readonly #clock: Clock
  #isQuiet = false
  #unsaid = 0

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
  }

  /** Whether this one is to be said. */
  isFirst(): boolean {
    if (this.#isQuiet) {
      this.#unsaid += 1
      return false
    }
    this.#isQuiet = true
    this.#clock.after(quietMs, () => this.#sayRest())
    return true
  }

  #sayRest(): void {
    this.#isQuiet = false
    if (this.#unsaid > 0) {
      const facts = { plane: 'api', kind: 'call', cause: 'throttled', calls: this.#unsaid }
      this.#logger.warn(facts, `${this.#unsaid} more calls were refused by the limit within ${quietMs} ms`)
    }
    this.#unsaid = 0
  }
}

/**
 * Hands entries to a logger: accepted calls at debug, refusals and drops at warn, our own failures at error. Of the calls
 * above the limit it hands on one a second, and then how many more there were, unless the level is debug.
 */
export function logTo(logger: Logger, clock: Clock = systemClock): (entry: LogEntry) => void {
  const throttled = new ThrottledCalls(logger, clock)
  const saysAll = logger.isLevelEnabled('debug')
  return (entry) => {
    const level = levelOf(entry)
    if (!logger.isLevelEnabled(level)) return
    if (entry.cause === 'throttled' && !saysAll && !throttled.isFirst()) return
    const { at: _at, message, ...facts } = entry
    logger[level](facts, message)
  }
}
