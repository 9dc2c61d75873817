import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@apsaramq/model'
import { inspectCertificate, issueCa, issueDevice, issueVerification } from '@apsaramq/pki'
import { beforeAll, afterAll, describe, expect, it } from 'vitest'
import type { Trust } from '../trust.ts'
import { loadSeed } from './seed-file.ts'

const issuing = { clock: systemClock, random: systemRandom }
let folder: string
let pem: Record<'ca' | 'other' | 'device' | 'expired' | 'verification', string>
let trust: Trust

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seed-file-'))
  const ca = await issueCa({ commonName: 'fleet', keyType: 'ec' }, issuing)
  const other = await issueCa({ commonName: 'other', keyType: 'ec' }, issuing)
  const device = await issueDevice({ ca, commonName: 'thermometer', keyType: 'ec' }, issuing)
  const times = { validFrom: systemClock.now() - 2e9, validUntil: systemClock.now() - 1e9 }
  const expired = await issueDevice({ ca, commonName: 'old', keyType: 'ec', ...times }, issuing)
  const verification = await issueVerification({ ca, registerCode: 'code-1' }, issuing)
  pem = {
    ca: ca.certificate,
    other: other.certificate,
    device: device.certificate,
    expired: expired.certificate,
    verification: verification.certificate,
  }
  trust = { server: other, caFile: '', deviceCa: other, verification: verification.certificate }
  mkdirSync(join(folder, 'pki'))
  for (const [name, text] of Object.entries(pem)) writeFileSync(join(folder, 'pki', `${name}.pem`), text)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function load(text: string, name = 'seed.yaml') {
  const file = join(folder, name)
  writeFileSync(file, text)
  return loadSeed(file, systemClock)
}

function records(text: string, name?: string) {
  return load(text, name).records(trust, { ...issuing, regionId: 'cn-beijing' })
}

const whole = `
accounts:
  - id: '1000000000000009'
    name: first
    accessKeys: [{ id: LTAIfirst, secret: first-secret }, { id: LTAIold, secret: old-secret, status: inactive }]
  - id: '1000000000000010'
policies:
  list-only: { Version: '1', Statement: [{ Effect: Allow, Action: 'mq:List*', Resource: '*' }] }
userGroups:
  - { account: '1000000000000009', name: watchers, policies: [list-only, AliyunMQReadOnlyAccess] }
users:
  - account: '1000000000000009'
    name: ann
    groups: [watchers]
    policies: [{ Version: '1', Statement: [{ Effect: Deny, Action: ['mq:*'], Resource: '*' }] }]
    accessKeys: [{ id: LTAIann, secret: ann-secret }]
roles:
  - { account: '1000000000000010', name: robot, policies: [list-only] }
instances:
  - { id: post-cn-one, account: '1000000000000009', groups: [GID_fleet], topics: [telemetry, alarms] }
  - { id: post-cn-two, account: '1000000000000010', name: second, edition: professional, region: cn-hangzhou }
cas:
  - { name: fleet, instance: post-cn-one, certificate: pki/ca.pem, verification: pki/verification.pem, status: inactive }
  - { name: own, instance: post-cn-two, emulatorCa: true }
devices:
  - { ca: fleet, certificate: pki/device.pem, status: inactive }
  - { ca: fleet, instance: post-cn-one, certificate: pki/expired.pem }
limits: { InactivateDeviceCertificate: 300 }
`

describe('a seed file', () => {
  it('G1: becomes records, with certificates from files beside it', () => {
    const made = records(whole)
    const at = expect.any(Number) as number
    const listOnly = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'mq:List*', Resource: '*' }] }
    const [fleet, own] = made.caCertificates!
    const facts = inspectCertificate(pem.device)
    expect(made.accounts).toEqual([
      { id: '1000000000000009', name: 'first' },
      { id: '1000000000000010', name: '1000000000000010' },
    ])
    expect(made.accessKeys).toEqual([
      { id: 'LTAIfirst', secret: 'first-secret', accountId: '1000000000000009', userId: null, status: 'active' },
      { id: 'LTAIold', secret: 'old-secret', accountId: '1000000000000009', userId: null, status: 'inactive' },
      {
        id: 'LTAIann',
        secret: 'ann-secret',
        accountId: '1000000000000009',
        userId: '200000000000000001',
        status: 'active',
      },
    ])
    expect(made.userGroups).toEqual([
      {
        id: '300000000000000001',
        accountId: '1000000000000009',
        name: 'watchers',
        policies: [listOnly, 'AliyunMQReadOnlyAccess'],
      },
    ])
    expect(made.users).toEqual([
      {
        id: '200000000000000001',
        accountId: '1000000000000009',
        name: 'ann',
        policies: [{ Version: '1', Statement: [{ Effect: 'Deny', Action: ['mq:*'], Resource: '*' }] }],
        groupIds: ['300000000000000001'],
      },
    ])
    expect(made.roles).toEqual([
      { id: '400000000000000001', accountId: '1000000000000010', name: 'robot', policies: [listOnly] },
    ])
    expect(made.instances).toEqual([
      {
        id: 'post-cn-one',
        accountId: '1000000000000009',
        regionId: 'cn-beijing',
        name: 'post-cn-one',
        edition: 'platinum',
        tls: 'mutual',
        createdAt: at,
      },
      {
        id: 'post-cn-two',
        accountId: '1000000000000010',
        regionId: 'cn-hangzhou',
        name: 'second',
        edition: 'professional',
        tls: 'one-way',
        createdAt: at,
      },
    ])
    expect(made.groups).toEqual([{ instanceId: 'post-cn-one', id: 'GID_fleet', createdAt: at }])
    expect(made.topics!.map(({ name }) => name)).toEqual(['telemetry', 'alarms'])
    expect([fleet, own]).toMatchObject([
      {
        instanceId: 'post-cn-one',
        regionId: 'cn-beijing',
        name: 'fleet',
        status: 'inactive',
        registerCode: 'code-1',
        sn: inspectCertificate(pem.ca).sn,
      },
      {
        instanceId: 'post-cn-two',
        regionId: 'cn-hangzhou',
        name: 'own',
        status: 'active',
        fingerprint: inspectCertificate(pem.other).fingerprint,
      },
    ])
    expect(made.deviceCertificates).toMatchObject([
      {
        caId: fleet!.id,
        caSn: fleet!.sn,
        sn: facts.sn,
        name: 'thermometer',
        status: 'inactive',
        fingerprint: facts.fingerprint,
      },
      { caId: fleet!.id, name: 'old', status: 'active' },
    ])
    expect(load(whole).limits).toEqual({ InactivateDeviceCertificate: 300 })
  })

  it('G1: may be JSON, indented by tabs', () => {
    const seed = {
      accounts: [{ id: '1000000000000009', accessKeys: [{ id: 'LTAI', secret: 's' }] }],
      instances: [{ id: 'post-cn-one', account: '1000000000000009' }],
    }
    expect(records(JSON.stringify(seed, null, '\t'), 'seed.json').accounts).toEqual([
      { id: '1000000000000009', name: '1000000000000009' },
    ])
  })

  it('has the same digest for the same content, and another for another certificate', () => {
    const indented = whole.replace('cas:\n  - {', 'cas:\n  # a comment\n  -  {')
    expect(load(indented).digest).toBe(load(whole).digest)
    expect(
      load(whole.replace('pki/device.pem', 'pki/expired.pem').replace('expired.pem }\n', 'device.pem }\n')).digest,
    ).not.toBe(load(whole).digest)
  })
})

/** The fault after changing one thing of a seed that is right; ‹ marks where it should be found. */
function fault(find: string, replace: string): { told: string; marked: string } {
  if (!whole.includes(find)) throw new Error(`the seed has no ${find}`)
  const text = whole.replace(find, replace)
  const before = text.slice(0, text.indexOf('‹')).split('\n')
  const marked = `seed.yaml:${before.length}:${before.at(-1)!.length + 1}`
  try {
    load(text.replace('‹', ''))
  } catch (error) {
    return { told: (error as Error).message.replaceAll(`${folder}/`, ''), marked }
  }
  return { told: 'none', marked }
}

describe('G1: a seed file that is wrong is refused by file, line and column, with the path and the cure', () => {
  it.each([
    [
      'a number for a text',
      "id: '1000000000000009'",
      'id: ‹1000000000000009',
      'accounts[0].id must be the id of an account: 16 digits in quotes; without quotes it is a number',
    ],
    [
      'a missing key',
      '{ id: LTAIfirst, secret: first-secret }',
      '‹{ id: LTAIfirst, status: active }',
      'accounts[0].accessKeys[0] lacks secret: add it, an AccessKey secret: text in quotes',
    ],
    [
      'an unknown key',
      'groups: [watchers]',
      '‹grups: [watchers]',
      'users[0].grups is not a key that is known here: account, policies, name, groups, accessKeys',
    ],
    [
      'a value outside of its choice',
      'edition: professional',
      'edition: ‹gold',
      'instances[1].edition must be one of platinum, professional',
    ],
    [
      'a duplicate key',
      'name: first',
      'name: first\n    ‹name: second',
      'is neither YAML nor JSON here: a key is there twice: remove one',
    ],
    [
      'a quote that is open',
      "'1000000000000010'\npolicies",
      "'1000000000000010\npolicies",
      /^seed\.yaml:\d+:\d+: is neither YAML nor JSON here: /,
    ],
    [
      'an unknown account',
      "{ id: post-cn-two, account: '1000000000000010'",
      "{ id: post-cn-two, account: ‹'1000000000000011'",
      'instances[1].account is no account of this file: add it to accounts',
    ],
    [
      'an account twice',
      "- id: '1000000000000010'",
      "- id: '1000000000000009'",
      /^seed\.yaml:6:9: accounts\[1\]\.id is an account for the second time, the first is number 1 of them: remove or rename one\n/,
    ],
    [
      'an AccessKey twice',
      'id: LTAIann',
      'id: ‹LTAIfirst',
      'users[0].accessKeys[0].id is an AccessKey ID for the second time, the first is number 1 of them: remove or rename one',
    ],
    [
      'an unknown user group',
      'groups: [watchers]',
      'groups: [‹watcher]',
      'users[0].groups[0] is no user group of the account of the user: add it to userGroups',
    ],
    [
      'an unknown policy',
      'policies: [list-only] }',
      'policies: [‹list] }',
      'roles[0].policies[0] is the name of no policy: add it to policies, or take one of list-only, AliyunMQFullAccess, AliyunMQReadOnlyAccess, AliyunMQPubOnlyAccess, AliyunMQSubOnlyAccess',
    ],
    [
      'a policy that is none',
      'Effect: Deny',
      'Effect: Denied',
      /^seed\.yaml:15:\d+: users\[0\]\.policies\[0\]\.Statement\[0\]\.Effect is neither Allow nor Deny$/,
    ],
    [
      'a group id that is none',
      'GID_fleet',
      '‹fleet',
      'instances[0].groups[0] must be the id of a group: GID_ or GID-, then 3 to 60 letters, digits, hyphens or underscores',
    ],
    [
      'no AccessKey of an account',
      'id: LTAIfirst, secret: first-secret',
      'id: LTAIfirst, secret: first-secret, status: inactive',
      /^seed\.yaml:3:3: accounts has no active AccessKey of an account: add accessKeys to one, or nobody could call the API$/,
    ],
    [
      'a CA of an unknown instance',
      'instance: post-cn-two, emulatorCa',
      'instance: ‹post-cn-2, emulatorCa',
      'cas[1].instance is no instance of this file: add it to instances',
    ],
    [
      'a CA without a certificate',
      '{ name: own, instance: post-cn-two, emulatorCa: true }',
      '‹{ name: own, instance: post-cn-two }',
      'cas[1] needs one of certificate and emulatorCa: true, and not both',
    ],
    [
      'a device without its CA',
      'ca: fleet, certificate',
      'ca: ‹flett, certificate',
      'devices[0].ca is the name of no CA of this file: add it to cas',
    ],
    [
      'a device of another CA',
      'certificate: pki/ca.pem, verification',
      'certificate: pki/other.pem, verification',
      /seed\.yaml:26:31: devices\[0\]\.certificate was not issued by the CA fleet: .*; name the CA that has issued it\n/,
    ],
    [
      'a file that is not there',
      'pki/device.pem',
      'pki/none.pem',
      /^seed\.yaml:26:31: devices\[0\]\.certificate is no certificate that can be read: ENOENT.*; the path is relative to the seed file$/,
    ],
    [
      'a device as a CA',
      'certificate: pki/ca.pem, verification',
      'certificate: pki/device.pem, verification',
      /seed\.yaml:23:56: cas\[0\]\.certificate is not the certificate of a CA: its basic constraints do not say CA:TRUE\n/,
    ],
    [
      'a device twice',
      'pki/expired.pem',
      '‹pki/device.pem',
      'devices[1].certificate is a certificate of this serial number under its CA for the second time, the first is number 1 of them: remove or rename one',
    ],
    [
      'a limit of an operation that is not served',
      'InactivateDeviceCertificate: 300',
      '‹SendMessage: 300',
      'limits.SendMessage is no operation that is served: COVERAGE.md lists them',
    ],
    [
      'a limit of none',
      ': 300',
      ': ‹0',
      'limits.InactivateDeviceCertificate must be calls a second: a whole number from 1',
    ],
  ] as const)('%s', (_what, find, replace, says) => {
    const { told, marked } = fault(find, replace)
    if (typeof says === 'string') expect(told).toBe(`${marked}: ${says}`)
    else expect(told).toMatch(says)
  })

  it('names all faults, and no secret', () => {
    const { told } = fault('secret: first-secret', 'secrett: first-secret, status: on')
    expect(told.split('\n')).toHaveLength(3)
    expect(told).not.toContain('first-secret')
  })

  it('is one sentence where there is no file, or nothing in it', () => {
    expect(() => loadSeed(join(folder, 'none.yaml'), systemClock)).toThrow(
      /none\.yaml: the seed file cannot be read: ENOENT/,
    )
    expect(() => load('')).toThrow(/seed\.yaml:1:1: the seed must be a mapping with accounts and instances$/)
  })

  it('does not expand an alias without end', () => {
    const bomb = [
      'a: &a [x, x, x, x, x, x, x, x, x, x]',
      ...'bcdefghi'
        .split('')
        .map((name, at) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefgh'[at]}`).join(', ')}]`),
    ]
    expect(() => load(bomb.join('\n'))).toThrow(/its aliases cannot be resolved/)
  })
})
