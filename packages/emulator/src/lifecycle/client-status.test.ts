import { Ajv } from 'ajv'
import { causes, type Cause, type LogEntry } from '@apsaramq/model'
import { describe, expect, test } from 'vitest'
import { clientStatusSchema, noticesOf } from './client-status.ts'

function entry(more: Partial<LogEntry>): LogEntry {
  return {
    seq: 7,
    at: 1000,
    plane: 'mqtt',
    kind: 'connect',
    message: '',
    clientId: 'GID_demo@@@one',
    sessionId: 's-1',
    instanceId: 'post-cn-first',
    remoteAddress: '127.0.0.1',
    ...more,
  }
}

const common = {
  clientId: 'GID_demo@@@one',
  time: 1000,
  channelId: 's-1',
  clientIp: '127.0.0.1',
  instanceId: 'post-cn-first',
  seq: 7,
}

const isNotice = new Ajv({ strict: true, allowUnionTypes: true }).compile(clientStatusSchema)

describe('F6: a client status notice', () => {
  test('is told of a session that begins', () => {
    expect(noticesOf(entry({}))).toEqual([
      { ...common, eventType: 'connect', reason: 'accepted', actionInfo: 'accepted' },
    ])
  })

  test('is told twice of a DISCONNECT: when it comes, and of the connection', () => {
    expect(noticesOf(entry({ kind: 'disconnect', byDisconnect: true }))).toEqual([
      { ...common, eventType: 'disconnect', reason: 'disconnected-by-client', actionInfo: 'disconnected by client' },
      { ...common, eventType: 'tcpclean', reason: 'disconnected-by-client', actionInfo: 'closed by client' },
    ])
  })

  test('is told once of a connection that ends without', () => {
    expect(noticesOf(entry({ kind: 'disconnect' }))).toEqual([
      { ...common, eventType: 'tcpclean', reason: 'closed-by-client', actionInfo: 'closed by client' },
    ])
  })

  test.each([
    ['disconnect', 'session-taken-over', 'clientId conflict'],
    ['drop', 'keep-alive-expired', 'no heart'],
    ['drop', 'device-inactive', 'not authorized'],
    ['drop', 'ca-deleted', 'not authorized'],
    ['drop', 'certificate-expired', 'not authorized'],
    ['drop', 'topic-not-allowed', 'resource auth failed'],
    ['drop', 'payload-too-large', 'invalid param'],
    ['drop', 'kicked', 'Socket IOException'],
    ['drop', 'emulator-reset', 'Socket IOException'],
  ] as const)('says of a %s for %s: %s', (kind, cause, actionInfo) => {
    expect(noticesOf(entry({ kind, cause }))).toEqual([{ ...common, eventType: 'tcpclean', reason: cause, actionInfo }])
  })

  test('is not told of refusals, warnings, registrations and calls, nor of what has no session', () => {
    for (const kind of ['refuse', 'warn', 'register', 'call', 'lifecycle'] as const)
      expect(noticesOf(entry({ kind }))).toEqual([])
    const { sessionId: _, ...waiting } = entry({ kind: 'disconnect' })
    expect(noticesOf(waiting)).toEqual([])
  })

  test('is as its schema says, whatever the cause', () => {
    const entries = [
      entry({}),
      entry({ kind: 'disconnect' }),
      entry({ kind: 'disconnect', byDisconnect: true }),
      ...(Object.keys(causes) as Cause[]).map((cause) => entry({ kind: 'drop', cause })),
    ]
    const notices = entries.flatMap(noticesOf)
    expect(notices).toHaveLength(entries.length + 1)
    for (const notice of notices) expect([isNotice(notice), isNotice.errors]).toEqual([true, null])
    expect(isNotice({ ...notices[0], eventType: 'gone' })).toBe(false)
    expect(isNotice({ ...notices[0], more: 1 })).toBe(false)
    expect(isNotice({ ...notices[0], reason: 'because' })).toBe(false)
  })
})
