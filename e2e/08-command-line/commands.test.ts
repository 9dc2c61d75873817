import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  deviceClient,
  runProgram,
  startProgram,
  waitForConnect,
  waitForDisconnect,
  waitForRefusal,
  type Endpoints,
  type IssuedDevice,
  type Program,
} from '@apsaramq/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../support/any-ports.ts'
import { expectExplained } from '../support/explained.ts'
import { openssl } from '../support/openssl.ts'
import { temporaryDirectory } from '../support/own-program.ts'
import { describeOwnProgram, ownerClient, unique } from '../support/target.ts'

/** What openssl says of a device certificate. */
async function verdict(device: IssuedDevice): Promise<string> {
  const directory = await temporaryDirectory()
  const [, ...above] = device.chain.split(/(?=-----BEGIN)/)
  await writeFile(join(directory, 'ca.pem'), above.join(''))
  await writeFile(join(directory, 'device.pem'), device.cert)
  const { stdout, stderr } = spawnSync(
    'openssl',
    ['verify', '-purpose', 'sslclient', '-CAfile', 'ca.pem', 'device.pem'],
    { cwd: directory, encoding: 'utf8' },
  )
  return `${stdout}${stderr}`
}

describeOwnProgram('beside a running emulator', () => {
  let program: Program
  let endpoints: Endpoints
  let dataDir: string
  beforeAll(async () => {
    dataDir = join(await mkdtemp(join(tmpdir(), 'apsaramq-e2e-')), 'data')
    program = await startProgram({ args: ['start', ...anyPorts], dataDir })
    endpoints = program.endpoints()
  })
  afterAll(async () => {
    await program?.stop()
    await rm(join(dataDir, '..'), { recursive: true, force: true })
  })

  const run = (...args: string[]) => runProgram({ args, dataDir })

  async function create(...flags: string[]): Promise<IssuedDevice[]> {
    const { code, stdout, stderr } = await run('device', 'create', '--json', ...flags)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as IssuedDevice)
  }

  const connecting = (device: IssuedDevice) => {
    const client = deviceClient({ endpoints, device, reconnectPeriod: 0 })
    onTestFinished(() => client.endAsync(true))
    return client
  }

  test('A6: env prints export lines and nothing else, and a shell takes them', async () => {
    const { code, stdout, stderr } = await run('env')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^export [A-Z_]+='[^']*'$/)
    const shell = spawnSync('sh', ['-c', `${stdout}\nprintf '%s %s' "$APSARAMQ_API" "$ALIBABA_CLOUD_ACCESS_KEY_ID"`], {
      encoding: 'utf8',
    })
    expect(shell.stdout).toBe(`${endpoints.api} ${endpoints.accessKeyId}`)
  })

  test('A6: status tells where it is, and with --json as the endpoints file has it', async () => {
    const { code, stdout } = await run('status', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ ready: true, pending: [], ...endpoints })
    expect((await run('status')).stdout).toContain(endpoints.mqtts)
  })

  test.each([
    ['RSA', [], 'rsa'],
    ['EC', ['--ec'], 'ec'],
  ] as const)('K1: an %s device is one that openssl verifies and the broker admits', async (_, flags, keyType) => {
    const clientId = `GID_demo@@@${unique('k')}`
    const [device] = await create('--client-id', clientId, ...flags)
    expect(await verdict(device!)).toBe('device.pem: OK\n')
    const certificate = new X509Certificate(device!.cert)
    expect(certificate.subject).toBe(`CN=${clientId}`)
    expect(certificate.publicKey.asymmetricKeyType).toBe(keyType)
    expect(device!.deviceSn.replace(/^00/, '')).toBe(certificate.serialNumber.toLowerCase().replace(/^00/, ''))
    await waitForConnect(connecting(device!))
  })

  test.each([
    ['--expired', 'certificate has expired', 'certificate-expired'],
    ['--not-yet-valid', 'certificate is not yet valid', 'certificate-not-yet-valid'],
  ] as const)('K1: %s is refused by openssl and by the broker', async (flag, said, cause) => {
    const [device] = await create('--client-id', `GID_demo@@@${unique('k')}`, '--ec', flag)
    expect(await verdict(device!)).toContain(said)
    await waitForRefusal(connecting(device!))
    await expectExplained({ clientId: device!.clientId }, cause, endpoints.management)
  })

  test('K1: --wrong-ca is signed by a CA of the same name that nobody registered', async () => {
    const [device] = await create('--client-id', `GID_demo@@@${unique('k')}`, '--ec', '--wrong-ca')
    const [good] = await create('--client-id', `GID_demo@@@${unique('k')}`, '--ec')
    expect(new X509Certificate(device!.cert).issuer).toBe(new X509Certificate(good!.cert).issuer)
    expect(
      await verdict({ ...device!, chain: `${device!.cert}${good!.chain.slice(good!.cert.length)}` }),
    ).not.toContain('OK')
    await waitForRefusal(connecting(device!))
  })

  test('K1: --sn sets the serial number', async () => {
    const sn = `0a${unique().length}${Date.now().toString(16).padStart(12, '0')}`
    const [device] = await create('--client-id', `GID_demo@@@${unique('k')}`, '--ec', '--sn', sn)
    expect(device!.deviceSn.replace(/^0+/, '')).toBe(sn.replace(/^0+/, ''))
  })

  test('K1: files are PEM that openssl reads, and a PKCS#12 that opens with its password', async () => {
    const directory = await temporaryDirectory()
    const clientId = `GID_demo@@@${unique('k')}`
    const { code, stdout } = await run('device', 'create', '--client-id', clientId, '--out', directory)
    expect(code).toBe(0)
    const names = (await readdir(directory)).sort()
    expect(names.map((name) => name.slice(clientId.length + 1))).toEqual(['chain.pem', 'crt.pem', 'key.pem', 'p12'])
    const file = (end: string) => names.find((name) => name.endsWith(end))!
    expect(await openssl(directory, 'pkey', '-in', file('key.pem'), '-noout', '-text')).toContain('Private-Key')
    const password = /PKCS#12 password (\S+)/.exec(stdout)![1]!
    const opened = await openssl(directory, 'pkcs12', '-in', file('p12'), '-passin', `pass:${password}`, '-nodes')
    expect(opened).toContain('BEGIN PRIVATE KEY')
    expect(opened.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  })

  test('K1: --count makes them by the hundred, and --registered enters them without a connection', async () => {
    const base = `GID_demo@@@${unique('n')}`
    const devices = await create('--client-id', base, '--ec', '--count', '150', '--registered')
    expect(devices.map(({ clientId }) => clientId)).toEqual(Array.from({ length: 150 }, (_, at) => `${base}-${at + 1}`))
    const client = ownerClient(endpoints)
    onTestFinished(() => client.close())
    const { deviceSn, caSn } = devices[149]!
    const { body } = await client.call('GetDeviceCertificate', {
      MqttInstanceId: endpoints.instanceId,
      DeviceSn: deviceSn,
      CaSn: caSn,
    })
    expect(body.Data).toMatchObject({ DeviceSn: deviceSn, Status: '1', DeviceName: `${base}-150` })
    await waitForConnect(connecting(devices[0]!))
  })

  test('K1: a CA is created, registered and listed, and a device of it admitted', async () => {
    const made = await run('ca', 'create', '--name', unique('ca'), '--ec', '--json')
    expect(made.code).toBe(0)
    const { sn, certificate } = JSON.parse(made.stdout) as { sn: string; certificate: string }
    expect(new X509Certificate(certificate).ca).toBe(true)
    const rows = async () => {
      const { stdout } = await run('ca', 'list', '--json')
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { sn: string; registered: boolean })
    }
    expect(await rows()).toContainEqual(expect.objectContaining({ sn, registered: false }))
    expect((await run('ca', 'register', '--sn', sn)).code).toBe(0)
    expect(await rows()).toContainEqual(expect.objectContaining({ sn, registered: true, status: 'active' }))
    const [device] = await create('--client-id', `GID_demo@@@${unique('k')}`, '--ec', '--ca', sn)
    await waitForConnect(connecting(device!))
  })

  test('K1: --management reaches an emulator whose directory is not here', async () => {
    const elsewhere = await temporaryDirectory()
    const { code, stdout } = await runProgram({
      args: [
        'device',
        'create',
        '--json',
        '--client-id',
        `GID_demo@@@${unique('k')}`,
        '--ec',
        '--management',
        endpoints.management,
      ],
      dataDir: elsewhere,
    })
    expect(code).toBe(0)
    await waitForConnect(connecting(JSON.parse(stdout) as IssuedDevice))
    expect(await readdir(elsewhere)).toEqual([])
  })

  test.each([
    [['device', 'create'], /--client-id/],
    [['device', 'create', '--client-id', 'GID_demo@@@1', '--sn', 'xyz'], /xyz/],
    [['device', 'create', '--client-id', 'GID_demo@@@1', '--ca', 'deadbeef'], /deadbeef/],
    [['ca', 'register', '--sn', 'deadbeef'], /deadbeef/],
    [['status', '--nonsense'], /nonsense/],
  ])('K1: %j is answered with one sentence and exit code 1', async (args, said) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(said)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  test('G2: reset puts the state back to the seed, and a client that trusts the old CA still connects', async () => {
    const [device] = await create('--client-id', `GID_demo@@@${unique('k')}`, '--ec')
    const live = deviceClient({ endpoints, device: device!, reconnectPeriod: 100 })
    onTestFinished(() => live.endAsync(true))
    await waitForConnect(live)
    const client = ownerClient(endpoints)
    onTestFinished(() => client.close())
    const parameters = { MqttInstanceId: endpoints.instanceId, DeviceSn: device!.deviceSn, CaSn: device!.caSn }
    const gone = waitForDisconnect(live)
    expect((await client.call('InactivateDeviceCertificate', parameters)).status).toBe(200)
    await gone
    await waitForRefusal(live)
    expect((await run('reset')).code).toBe(0)
    await waitForConnect(live)
    const { body } = await client.call('ListCaCertificate', {
      MqttInstanceId: endpoints.instanceId,
      PageNo: '1',
      PageSize: '10',
    })
    expect(body.Data).toMatchObject({ Total: 1 })
  })
})

describeOwnProgram('without a running emulator', () => {
  test('K1: devices are made on a data directory, and admitted by the emulator that starts there later', async () => {
    const dataDir = join(await temporaryDirectory(), 'data')
    const clientId = `GID_demo@@@${unique('k')}`
    const { code, stdout } = await runProgram({
      args: ['device', 'create', '--json', '--ec', '--client-id', clientId],
      dataDir,
    })
    expect(code).toBe(0)
    const program = await startProgram({ args: ['start', ...anyPorts], dataDir })
    onTestFinished(() => program.stop().then(() => undefined))
    const client = deviceClient({ endpoints: program.endpoints(), device: JSON.parse(stdout) as IssuedDevice })
    onTestFinished(() => client.endAsync(true))
    await waitForConnect(client)
  })

  describe.each(['env', 'status'])('%s', (command) => {
    test('A6: says that there is none, with exit code 1', async () => {
      const dataDir = await temporaryDirectory()
      const { code, stdout, stderr } = await runProgram({ args: [command], dataDir })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(join(dataDir, 'endpoints.json'))
    })
  })

  test('A6: status tells of an emulator that was killed', async () => {
    const dataDir = join(await temporaryDirectory(), 'data')
    const program = await startProgram({ args: ['start', ...anyPorts], dataDir })
    program.kill('SIGKILL')
    await program.exited
    expect(await readFile(join(dataDir, 'endpoints.json'), 'utf8')).toContain(String(program.pid))
    const { code, stderr } = await runProgram({ args: ['status'], dataDir })
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/does not answer/) as unknown })
  })
})
