import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@apsaramq/model'
import { expect, onTestFinished, test } from 'vitest'
import { openKeyStore } from './key-store.ts'
import { certificateNames, openTrust } from './trust.ts'

const deps = { clock: systemClock, random: systemRandom }

async function keyStore() {
  const directory = await mkdtemp(join(tmpdir(), 'trust-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return openKeyStore(directory)
}

test("K2: the server certificate covers this machine's names, the vendor's and the user's, and no other", async () => {
  const names = certificateNames('cn-beijing', ['broker.test', '10.1.2.3'])
  const { server } = await openTrust(await keyStore(), names, deps)
  const certificate = new X509Certificate(server.certificate)
  const covers = (name: string) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined
  const covered = [
    'localhost',
    '127.0.0.1',
    '::1',
    hostname(),
    'onsmqtt.cn-beijing.aliyuncs.com',
    'onsmqtt-vpc.cn-beijing.aliyuncs.com',
    'post-cn-emulator001.mqtt.aliyuncs.com',
    'broker.test',
    '10.1.2.3',
  ]
  expect(covered.filter((name) => !covers(name))).toEqual([])
  const others = [
    'onsmqtt.cn-hangzhou.aliyuncs.com',
    'aliyuncs.com',
    'a.b.mqtt.aliyuncs.com',
    '10.1.2.4',
    'ecs.aliyuncs.com',
  ]
  expect(others.filter(covers)).toEqual([])
})

test('K2: a certificate that lacks a name is made anew under the same CA, one that has them all stays', async () => {
  const keys = await keyStore()
  const first = await openTrust(keys, certificateNames('cn-hangzhou', []), deps)
  const again = await openTrust(keys, certificateNames('cn-hangzhou', []), deps)
  const elsewhere = await openTrust(keys, certificateNames('cn-beijing', []), deps)
  expect(again.server).toEqual(first.server)
  expect(elsewhere.server.certificate).not.toBe(first.server.certificate)
  const [, caOfFirst] = first.server.certificate.split(/(?<=-----END CERTIFICATE-----)\n/)
  const [, caOfElsewhere] = elsewhere.server.certificate.split(/(?<=-----END CERTIFICATE-----)\n/)
  expect(caOfElsewhere).toBe(caOfFirst)
})
