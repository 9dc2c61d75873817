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
    [{ environment: { APSARAMQ_LIMIT: '0' } }, 'APSARAMQ_LIMIT "0" is no limit: a whole number from 1 to 999999999'],
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

  const sourceIpSentence =
    'is none of off, warn, enforce, warn:N, enforce:N with a whole number of calls a second from 1 to 999999999'
  describe.each([
    ['throttle', 'throttle', ['leaky', 'Sliding', ''], 'is none of sliding, fixed, bucket'],
    ['throttleScope', 'throttle-scope', ['planet', 'account,user'], 'is none of account, user, key, ip'],
    ['throttlePer', 'throttle-per', ['second', '1'], 'is none of operation, shared'],
    [
      'throttleCode',
      'throttle-code',
      ['SystemOverFlow', 'throttling'],
      'is none of Throttling.User, Throttling.Api, Throttling',
    ],
    [
      'sourceIpLimit',
      'source-ip-limit',
      ['on', 'off:5', 'warn:', 'warn:0', 'warn:-1', 'warn:1.5', 'enforce:NaN', 'enforce:1000000000', '300'],
      sourceIpSentence,
    ],
    ['limit', 'limit', ['0', '-1', '1.5', 'NaN', '1000000000'], 'is no limit: a whole number from 1 to 999999999'],
  ])('D2 D3 D4: %s', (key, flag, values, sentence) => {
    it.each(values)('refuses %j by flag, variable and file with one sentence', (text) => {
      const variable = environmentName(flag)
      const file = fileWith(JSON.stringify({ [key]: text }))
      const said = (shown: string) => new ConfigurationError(`${shown} "${text}" ${sentence}`)
      expect(() => configure({ flags: { [flag]: text } })).toThrow(said(`--${flag}`))
      expect(() => configure({ environment: { [variable]: text } })).toThrow(said(variable))
      expect(() => configure({ file })).toThrow(said(key))
    })
  })

  it.each([
    ['throttle', 'bucket', 'bucket', 'sliding'],
    ['throttle-scope', 'user', 'user', 'account'],
    ['throttle-per', 'shared', 'shared', 'operation'],
    ['throttle-code', 'Throttling.Api', 'Throttling.Api', 'Throttling.User'],
    ['source-ip-limit', 'off', { mode: 'off', limit: 300 }, 'warn'],
    ['source-ip-limit', 'enforce', { mode: 'enforce', limit: 300 }, 'warn'],
    ['source-ip-limit', 'warn:20', { mode: 'warn', limit: 20 }, 'warn'],
  ])(
    'D2 D3 D4: reads --%s %s from flag, variable and file, and tells it as it was written',
    (flag, text, value, usual) => {
      const { key } = options.find((option) => option.flag === flag)!
      const sources = {
        flag: { flags: { [flag]: text } },
        environment: { environment: { [environmentName(flag)]: text } },
        file: { file: fileWith(JSON.stringify({ [key]: text })) },
      }
      for (const [origin, source] of Object.entries(sources)) {
        const configuration = configure(source)
        expect(configuration.settings[key]).toEqual(value)
        expect(describeConfiguration(configuration)).toEqual([`${flag} = ${text} (${origin}; default ${usual})`])
      }
    },
  )

  it.each([
    ['[1]', /must hold one JSON object$/],
    ['{"apiport": 1}', /has an unknown key: apiport$/],
    ['{"limit": ', /is not JSON: /],
    ['{"limit": {"a": 1}}', /^limit "\[object Object\]" is no limit/],
    ['{"throttle": 1}', /^throttle "1" is none of sliding, fixed, bucket$/],
    ['{"sourceIpLimit": {"mode": "warn"}}', /^sourceIpLimit "\[object Object\]" is none of off, warn, enforce, warn:N/],
    ['{"sourceIp": "warn"}', /has an unknown key: sourceIp$/],
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
