import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  deviceClient,
  managementClient,
  runProgram,
  startProgram,
  waitForConnect,
  waitForRefusal,
  type Endpoints,
} from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../support/any-ports.ts'
import { issueCa, issueUnder } from '../support/openssl.ts'
import { ownProgram, temporaryDirectory } from '../support/own-program.ts'
import { sdks } from '../support/sdk.ts'
import { describeOwnProgram, ownerClient } from '../support/target.ts'

const example = join(import.meta.dirname, '../../examples/seed.yaml')

/** A seed file with a CA and two devices made by openssl beside it, one of them inactive. */
async function seedOfOwnCertificates() {
  const directory = await temporaryDirectory()
  const ca = await issueCa(directory, { commonName: 'fleet of the seed' })
  const [active, inactive] = [await issueUnder(ca, { commonName: 'one' }), await issueUnder(ca, { commonName: 'two' })]
  const pems = { 'ca.pem': ca.cert, 'one.pem': active.cert, 'two.pem': inactive.cert }
  for (const [name, pem] of Object.entries(pems)) await writeFile(join(directory, name), pem)
  const file = join(directory, 'seed.json')
  const account = '1000000000000012'
  const seed = {
    accounts: [{ id: account, accessKeys: [{ id: 'LTAIseed', secret: 'secret-of-the-seed' }] }],
    users: [{ account, name: 'idle', accessKeys: [{ id: 'LTAIidle', secret: 'secret-of-a-user' }] }],
    instances: [{ id: 'post-cn-seeded', account, groups: ['GID_seed'], topics: ['seeded'] }],
    cas: [{ name: 'fleet', instance: 'post-cn-seeded', certificate: 'ca.pem' }],
    devices: [
      { ca: 'fleet', certificate: 'one.pem' },
      { ca: 'fleet', certificate: 'two.pem', status: 'inactive' },
    ],
    limits: { GetRegisterCode: 2 },
  }
  await writeFile(file, JSON.stringify(seed, null, '\t'))
  const deviceOf = ({ key, cert }: typeof active, name: string) => ({
    clientId: `GID_seed@@@${name}`,
    key,
    cert,
    chain: `${cert}${ca.cert}`,
  })
  return {
    file,
    directory,
    active,
    inactive,
    ca,
    devices: [deviceOf(active, 'one'), deviceOf(inactive, 'two')] as const,
  }
}

async function statusOf({ instanceId, ...endpoints }: Endpoints, CaSn: string, DeviceSn: string) {
  const client = ownerClient({ instanceId, ...endpoints })
  const { body } = await client.call('GetDeviceCertificate', { MqttInstanceId: instanceId, CaSn, DeviceSn })
  client.close()
  return (body['Data'] as { Status?: string } | undefined)?.Status
}

describeOwnProgram('a seed file', () => {
  test('G1: is what an empty directory holds: accounts, certificates by file, statuses, limits', async () => {
    const { file, active, inactive, ca, devices } = await seedOfOwnCertificates()
    const program = await ownProgram(['--seed', file])
    const endpoints = program.endpoints()
    expect(endpoints).toMatchObject({
      accountId: '1000000000000012',
      accessKeyId: 'LTAIseed',
      instanceId: 'post-cn-seeded',
      users: [{ name: 'idle', accessKeyId: 'LTAIidle' }],
      instances: [{ instanceId: 'post-cn-seeded', accountId: '1000000000000012', edition: 'platinum' }],
    })
    expect([await statusOf(endpoints, ca.sn, active.sn), await statusOf(endpoints, ca.sn, inactive.sn)]).toEqual([
      '1',
      '0',
    ])
    const accepted = deviceClient({ endpoints, device: devices[0], reconnectPeriod: 0 })
    onTestFinished(() => accepted.endAsync(true))
    await waitForConnect(accepted)
    await accepted.publishAsync('seeded/topic', 'x', { qos: 1 })
    const refused = deviceClient({ endpoints, device: devices[1], reconnectPeriod: 0 })
    onTestFinished(() => refused.endAsync(true))
    expect(await waitForRefusal(refused)).toMatchObject({ by: 'cut' })

    const owner = ownerClient(endpoints)
    onTestFinished(() => owner.close())
    const codes = await Promise.all(
      [1, 2, 3].map(() => owner.call('GetRegisterCode', { MqttInstanceId: endpoints.instanceId })),
    )
    expect(codes.map(({ status }) => status)).toEqual([200, 200, 400])
    await program.stop()
    expect(`${program.stdout()}${program.stderr()}`).not.toMatch(/secret-of/)
  })

  test('G1: of the examples runs, and its user may inactivate with every SDK and nothing else', async () => {
    const endpoints = (await ownProgram(['--seed', example])).endpoints()
    const management = managementClient(endpoints.management)
    const [device] = await management.issueDevices({ clientId: 'GID_fleet@@@1', keyType: 'ec', registered: true })
    const user = endpoints.users.find(({ name }) => name === 'revocation-service')!
    const ids = { MqttInstanceId: endpoints.instanceId, CaSn: device!.caSn, DeviceSn: device!.deviceSn }
    for (const sdk of sdks) {
      await sdk.call({ ...user, endpoints }, 'InactivateDeviceCertificate', ids)
      await expect(sdk.call({ ...user, endpoints }, 'ActiveDeviceCertificate', ids)).rejects.toThrow()
    }
    expect(await statusOf(endpoints, device!.caSn, device!.deviceSn)).toBe('0')
  })

  test('G1: is what a reset goes back to', async () => {
    const { file, active, ca } = await seedOfOwnCertificates()
    const endpoints = (await ownProgram(['--seed', file])).endpoints()
    const owner = ownerClient(endpoints)
    onTestFinished(() => owner.close())
    const ids = { MqttInstanceId: endpoints.instanceId, CaSn: ca.sn, DeviceSn: active.sn }
    await owner.call('DeleteDeviceCertificate', ids)
    expect(await statusOf(endpoints, ca.sn, active.sn)).toBeUndefined()
    await managementClient(endpoints.management).request('POST', '/reset')
    expect(await statusOf(endpoints, ca.sn, active.sn)).toBe('1')
  })

  test('G1: is not applied to a directory that was filled from another, which is said in one line', async () => {
    const dataDir = await temporaryDirectory()
    const args = ['start', ...anyPorts]
    const first = await startProgram({ args, dataDir })
    const before = first.endpoints()
    await first.stop()
    const second = await startProgram({ args: [...args, '--seed', example], dataDir })
    expect(second.endpoints().accessKeyId).toBe(before.accessKeyId)
    const said = second
      .stderr()
      .split('\n')
      .filter((line) => line.includes('was not filled from'))
    expect(said).toHaveLength(1)
    await managementClient(second.endpoints().management).request('POST', '/reset')
    expect(second.endpoints()).toMatchObject({ accessKeyId: 'LTAIfactoryOwner0001', instanceId: 'post-cn-factory01' })
    await second.stop()
    const third = await startProgram({ args: [...args, '--seed', example], dataDir })
    expect(third.stderr()).not.toContain('was not filled from')
    await third.stop()
  })

  test('A4: that is wrong ends the start with the file, the line and the cure, and without its secrets', async () => {
    const { file, directory } = await seedOfOwnCertificates()
    await writeFile(
      join(directory, 'bad.yaml'),
      "accounts:\n  - id: 12\n    accessKeys: [{ id: a, secret: 'very-secret', x: 1 }]\ninstances: []\n",
    )
    const started = await runProgram({
      args: ['start', ...anyPorts, '--seed', join(directory, 'bad.yaml')],
      dataDir: await temporaryDirectory(),
    })
    expect(started.code).toBe(1)
    expect(started.stderr).toContain(
      'bad.yaml:2:9: accounts[0].id must be the id of an account: 16 digits in quotes; without quotes it is a number\n',
    )
    expect(started.stderr).toContain(
      'bad.yaml:3:50: accounts[0].accessKeys[0].x is not a key that is known here: id, secret, status\n',
    )
    expect(started.stderr).toContain('bad.yaml:4:12: instances must be a list of at least one instance\n')
    expect(started.stderr).not.toContain('very-secret')
    expect(started.stdout).not.toContain('Ready')
    const missing = await runProgram({
      args: ['start', ...anyPorts, '--seed', `${file}.none`],
      dataDir: await temporaryDirectory(),
    })
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/seed\.json\.none: the seed file cannot be read: ENOENT/),
    ])
  })

  test('G1: has its schema served, and its instances in the region of the run', async () => {
    const endpoints = (await ownProgram(['--region', 'cn-beijing', '--seed', example])).endpoints()
    expect(endpoints.regionId).toBe('cn-beijing')
    const schema = await fetch(`${endpoints.management}/seed/schema`)
    expect(schema.headers.get('content-type')).toMatch(/^application\/schema\+json/)
    expect(await schema.json()).toMatchObject({ required: ['accounts', 'instances'], additionalProperties: false })
    const owner = ownerClient(endpoints)
    onTestFinished(() => owner.close())
    expect((await owner.call('GetRegisterCode', { MqttInstanceId: endpoints.instanceId })).status).toBe(200)
  })
})
