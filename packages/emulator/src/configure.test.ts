import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configure, ConfigurationError, describeConfiguration } from './configure.ts'
import { environmentName, options } from './options.ts'

function fileWith(content: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'configure-')), 'config.json')
  writeFileSync(file, content)
  return file
}

describe('configure', () => {
  it('takes flags before environment before file before default, and knows where each came from', () => {
    const file = fileWith('{"limit": 1, "apiPort": 2, "loose": true, "liveSessions": "delay:250"}')
    const { settings, origins } = configure({
      flags: { limit: '3' },
      environment: { APSARAMQ_LIMIT: '4', APSARAMQ_API_PORT: '5' },
      file,
    })
    expect([settings.limit, origins.limit]).toEqual([3, 'flag'])
    expect([settings.apiPort, origins.apiPort]).toEqual([5, 'environment'])
    expect([settings.loose, origins.loose]).toEqual([true, 'file'])
    expect(settings.liveSessions).toEqual({ kind: 'delay', delayMs: 250 })
    expect([settings.host, origins.host]).toEqual(['127.0.0.1', 'default'])
  })

  it.each([
    [{ flags: { 'api-port': '70000' } }, '--api-port "70000" is no port: a number from 0 (any free port) to 65535'],
    [{ environment: { APSARAMQ_LIMIT: '0' } }, 'APSARAMQ_LIMIT "0" is no limit: a whole number of at least 1'],
    [
      { flags: { 'live-sessions': 'delay' } },
      '--live-sessions "delay" is none of drop, keep, delay:MILLISECONDS, delay:MILLISECONDS,JITTER',
    ],
    [{ flags: { 'reject-at': 'later' } }, '--reject-at "later" is none of cut, connack'],
    [{ flags: { data: '' } }, '--data "" is empty'],
    [{ flags: { region: 'Hangzhou!' } }, '--region "Hangzhou!" is no region id: small letters, digits and hyphens'],
    [{ flags: { 'ca-status': 'lax' } }, '--ca-status "lax" is none of documented, strict'],
    [{ flags: { 'server-names': 'a b' } }, '--server-names "a b" has a b, which is no host name or address'],
  ])('refuses %j with one sentence', (sources, message) => {
    expect(() => configure(sources)).toThrow(new ConfigurationError(message))
  })

  it.each([
    ['drop', { kind: 'drop' }],
    ['keep', { kind: 'keep' }],
    ['delay:0', { kind: 'delay', delayMs: 0 }],
    ['delay:250,1000', { kind: 'delay', delayMs: 250, jitterMs: 1000 }],
    ['delay:250,0', { kind: 'delay', delayMs: 250, jitterMs: 0 }],
  ])('C6: reads --live-sessions %s, and tells it as it was written', (text, policy) => {
    const configuration = configure({ flags: { 'live-sessions': text } })
    expect(configuration.settings.liveSessions).toEqual(policy)
    expect(describeConfiguration(configuration)).toEqual([`live-sessions = ${text} (flag; default drop)`])
  })

  it.each(['delay:', 'delay:1,', 'delay:,1', 'delay:1,2,3', 'delay:-1', 'delay:1.5', 'delay:1234567890', 'Drop'])(
    'C6: refuses --live-sessions %s',
    (text) => {
      expect(() => configure({ flags: { 'live-sessions': text } })).toThrow(
        `--live-sessions "${text}" is none of drop, keep, delay:MILLISECONDS, delay:MILLISECONDS,JITTER`,
      )
    },
  )

  it.each([
    ['[1]', /must hold one JSON object$/],
    ['{"apiport": 1}', /has an unknown key: apiport$/],
    ['{"limit": ', /is not JSON: /],
    ['{"limit": {"a": 1}}', /^limit "\[object Object\]" is no limit/],
  ])('refuses the file %s', (content, message) => {
    expect(() => configure({ file: fileWith(content) })).toThrow(message)
  })

  it('refuses a file that is not there', () => {
    expect(() => configure({ file: '/nowhere/config.json' })).toThrow(
      /^the configuration file \/nowhere\/config.json cannot be read: /,
    )
  })

  it('tells what differs from the default, and never a token', () => {
    const configuration = configure({
      flags: { 'live-sessions': 'keep' },
      environment: { APSARAMQ_MANAGEMENT_TOKEN: 'hush', APSARAMQ_SERVER_NAMES: 'mq.local, mq' },
    })
    expect(describeConfiguration(configuration)).toEqual([
      'live-sessions = keep (flag; default drop)',
      'server-names = mq.local,mq (environment; default none)',
      'management-token = (set) (environment; default none)',
    ])
  })

  it('gives every option a flag, a variable and a key of its own', () => {
    for (const name of ['key', 'flag', 'help'] as const) {
      expect(new Set(options.map((option) => option[name])).size).toBe(options.length)
    }
    expect(environmentName('api-tls-port')).toBe('APSARAMQ_API_TLS_PORT')
  })
})
