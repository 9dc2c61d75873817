import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  manualClock,
  systemRandom,
  toHex,
  type CaCertificate,
  type DeviceCertificate,
  type ManualClock,
} from '@apsaramq/model'
import { inspectCertificate, issueCa, issueDevice, pemOfDer, type KeyAndCertificate } from '@apsaramq/pki'
import { createMemoryStore, type Store } from '@apsaramq/store'
import { fastify, type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { openHeldCas } from '../held-cas.ts'
import { crlRoute } from './crl.ts'

/** What openssl judges: left out where there is none, except in continuous integration, which must have it. */
const testWithOpenssl = test.skipIf(process.env['CI'] === undefined && spawnSync('openssl', ['version']).status !== 0)

const now = Date.UTC(2026, 5, 1)
let clock: ManualClock
let store: Store
let app: FastifyInstance
/** Whose keys the emulator holds. */
let held: KeyAndCertificate[]

beforeEach(() => {
  clock = manualClock(now)
  store = createMemoryStore()
  held = []
  app = fastify()
  const keys = {
    certificateFile: String,
    load: async (name: string) => held[Number(name.slice('ca-'.length))],
    save: async () => {},
    remove: async () => {},
    names: async () => held.map((_, index) => `ca-${index}`),
  }
  const cas = openHeldCas(keys, { clock, random: systemRandom })
  crlRoute(app, () => ({ store, cas, clock }))
})
afterEach(async () => {
  await app.close()
  await store.close()
})

async function makeCa(keyType: 'rsa' | 'ec' = 'ec', sn?: string): Promise<KeyAndCertificate> {
  const more = sn === undefined ? {} : { sn }
  return issueCa({ commonName: 'a CA', keyType, ...more }, { clock, random: systemRandom })
}

async function register(ca: KeyAndCertificate, instanceId = 'post-cn-one'): Promise<CaCertificate> {
  const { sn, fingerprint, subject, validFrom, validUntil } = inspectCertificate(ca.certificate)
  const record: CaCertificate = {
    id: `${instanceId}-${sn}`,
    instanceId,
    regionId: instanceId,
    sn,
    name: 'ca',
    status: 'active',
    certificate: ca.certificate,
    verification: '',
    registerCode: '',
    fingerprint,
    subject,
    validFrom,
    validUntil,
    registeredAt: now,
    statusChange: null,
  }
  await store.transact((tx) => tx.caCertificates.put(record))
  return record
}

function device(ca: CaCertificate, sn: string, more: Partial<DeviceCertificate> = {}): DeviceCertificate {
  return {
    caId: ca.id,
    instanceId: ca.instanceId,
    caSn: ca.sn,
    sn,
    name: '',
    status: 'inactive',
    certificate: '',
    fingerprint: sn,
    validFrom: now,
    validUntil: now + 1,
    registeredAt: now - 60_000,
    statusChange: { at: now - 1000, accessKeyId: 'LTAI', requestId: 'R' },
    ...more,
  }
}

const snOf = ({ certificate }: KeyAndCertificate) => inspectCertificate(certificate).sn

const put = (...devices: DeviceCertificate[]) =>
  store.transact((tx) => {
    for (const one of devices) tx.deviceCertificates.put(one)
  })

const execute = promisify(execFile)

/** Runs openssl on files; what it wrote, whether it fails or not. */
async function openssl(args: string[], files: Record<string, string | Uint8Array>): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'crl-'))
  onTestFinished(() => rm(cwd, { recursive: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(cwd, name), content)
  const done = await execute('openssl', args, { cwd, maxBuffer: 2 ** 28 }).catch((error: unknown) => error)
  const { stdout, stderr } = done as { stdout: string; stderr: string } // of a failure too
  return stdout + stderr
}

const inText = (ca: KeyAndCertificate, crl: Uint8Array) =>
  openssl(['crl', '-inform', 'DER', '-in', 'list.crl', '-CAfile', 'ca.pem', '-noout', '-text'], {
    'list.crl': crl,
    'ca.pem': ca.certificate,
  })

testWithOpenssl.each(['rsa', 'ec'] as const)(
  'C14: openssl verifies the list of an %s CA, and what is on it',
  async (keyType) => {
    const ca = await makeCa(keyType)
    held.push(ca)
    const record = await register(ca)
    await put(
      device(record, '0a'),
      device(record, '00ff', { statusChange: null }),
      device(record, '0b', { status: 'active' }),
      device(record, '0c', { chain: ['x'] }), // of another issuer
    )
    const answer = await app.inject(`/crl/${record.sn.toUpperCase()}`)
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/pkix-crl'])
    const text = await inText(ca, answer.rawPayload)
    expect(text).toContain('verify OK')
    expect(text).toContain('Version 2 (0x1)')
    expect(text).toContain('Last Update: Jun  1 00:00:00 2026 GMT\n        Next Update: Jun  1 00:10:00 2026 GMT')
    expect(text).toMatch(/X509v3 CRL Number: \n\s+1780272000000\n/)
    expect(text.match(/Serial Number: \w+|Revocation Date: .*|Certificate Hold/g)).toEqual([
      'Serial Number: 0A',
      'Revocation Date: May 31 23:59:59 2026 GMT',
      'Certificate Hold',
      'Serial Number: FF',
      'Revocation Date: May 31 23:59:00 2026 GMT',
      'Certificate Hold',
    ])
  },
)

testWithOpenssl('C14: openssl verify -crl_check refuses the inactive device and no other', async () => {
  const ca = await makeCa()
  held.push(ca)
  const record = await register(ca)
  const [good, bad] = await Promise.all(
    ['good', 'bad'].map((commonName) =>
      issueDevice({ ca, commonName, keyType: 'ec' }, { clock, random: systemRandom }),
    ),
  )
  await put(device(record, snOf(good!), { status: 'active' }), device(record, snOf(bad!)))
  const verify = async () => {
    const list = (await app.inject({ url: `/crl/${record.sn}`, headers: { accept: 'application/x-pem-file' } })).payload
    const options = ['-purpose', 'sslclient', '-crl_check', '-attime', String(clock.now() / 1000)]
    return openssl(['verify', '-CAfile', 'ca.pem', '-CRLfile', 'list.pem', ...options, 'good.pem', 'bad.pem'], {
      'ca.pem': ca.certificate,
      'list.pem': list,
      'good.pem': good!.certificate,
      'bad.pem': bad!.certificate,
    })
  }
  const refused = await verify()
  expect(refused).toContain('good.pem: OK')
  expect(refused).toContain('certificate revoked')
  expect(refused).not.toContain('bad.pem: OK')
  await put(device(record, snOf(bad!), { status: 'active' }))
  expect(await verify()).toContain('bad.pem: OK')
})

testWithOpenssl('C14: the number of a list grows, though the clock stands still', async () => {
  const ca = await makeCa()
  held.push(ca)
  const record = await register(ca)
  const lists = await Promise.all([1, 2, 3].map(async () => (await app.inject(`/crl/${record.sn}`)).rawPayload))
  const texts = await Promise.all(lists.map((list) => inText(ca, list)))
  const numbers = texts.map((text) => Number(/CRL Number: \n\s+(\d+)/.exec(text)![1]) - now)
  expect(numbers).toEqual([0, 1, 2])
  expect(texts.every((text) => text.includes('No Revoked Certificates'))).toBe(true)
})

test('C14: a list comes as DER unless PEM is asked for', async () => {
  const ca = await makeCa()
  held.push(ca)
  const { sn } = await register(ca)
  const ask = async (url: string, accept?: string) => {
    const { headers, rawPayload } = await app.inject({ url: `/crl/${sn}${url}`, headers: accept ? { accept } : {} })
    return [headers['content-type'], rawPayload.toString('latin1').startsWith('-----BEGIN X509 CRL-----\n')]
  }
  const der = ['application/pkix-crl', false]
  const pem = ['application/x-pem-file', true]
  expect(await Promise.all([ask(''), ask('', '*/*'), ask('?format=der', 'application/x-pem-file')])).toEqual([
    der,
    der,
    der,
  ])
  expect(await Promise.all([ask('?format=pem'), ask('', 'application/x-pem-file')])).toEqual([pem, pem])
})

test('C14: each reason why there is no list is told', async () => {
  const [mine, theirs] = [await makeCa('ec', '0d'), await makeCa('ec', '0e')]
  held.push(mine)
  await register(mine)
  await register(mine, 'post-cn-two')
  await register(theirs)
  const ask = async (url: string) => {
    const { statusCode, body } = await app.inject(`/crl/${url}`)
    return [statusCode, JSON.parse(body) as unknown]
  }
  expect(await ask('0f')).toEqual([
    404,
    { error: 'unknown-ca', message: 'no CA 0f is registered; GET /cas lists those that are' },
  ])
  expect(await ask('d?instance=post-cn-three')).toMatchObject([
    404,
    { message: 'no CA d is registered with instance post-cn-three; GET /cas lists those that are' },
  ])
  expect(await ask('nonsense')).toMatchObject([400, { error: 'no-serial-number' }])
  expect(await ask('0d')).toEqual([
    400,
    {
      error: 'instance-needed',
      message: 'CA 0d is registered with post-cn-one, post-cn-two: say ?instance=',
    },
  ])
  expect((await app.inject('/crl/0d?instance=post-cn-two')).statusCode).toBe(200)
  expect(await ask('0e')).toMatchObject([409, { error: 'ca-key-not-held' }])
  expect(await ask('0d?format=text')).toMatchObject([400, {}])
})

test('C14: another CA with the serial number of one whose key is held has no list', async () => {
  held.push(await makeCa('ec', '0d'))
  await register(await makeCa('ec', '0d'))
  expect((await app.inject('/crl/0d')).statusCode).toBe(409)
})

testWithOpenssl(
  'C14: a hundred thousand inactive devices are listed, and others get their turn meanwhile',
  async () => {
    const ca = await makeCa()
    held.push(ca)
    const record = await register(ca)
    const count = 100_000
    await put(
      ...Array.from({ length: count }, (_, index) => device(record, `0a${toHex(systemRandom.bytes(8))}${index % 10}0`)),
    )
    let turns = 0
    let next: NodeJS.Immediate | undefined
    const takeTurn = () => {
      turns += 1
      next = setImmediate(takeTurn)
    }
    takeTurn() // what else the process has to do
    const list = (await app.inject(`/crl/${record.sn}`)).rawPayload
    clearImmediate(next)
    expect(turns).toBeGreaterThan(count / 2000)
    const text = await inText(ca, list)
    expect(text).toContain('verify OK')
    expect(text.match(/Certificate Hold/g)).toHaveLength(count)
  },
  60_000,
)

testWithOpenssl('a list is DER that its PEM carries', async () => {
  const ca = await makeCa()
  held.push(ca)
  const { sn } = await register(ca)
  const pem = (await app.inject(`/crl/${sn}?format=pem`)).payload
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  expect(pemOfDer(der, 'X509 CRL')).toBe(pem)
  expect(await inText(ca, der)).toContain('verify OK')
})
