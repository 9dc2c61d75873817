import { once } from 'node:events'
import { createRequire } from 'node:module'
import net, { type AddressInfo } from 'node:net'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ProgramExitedError, readEndpoints, runProgram, startProgram, type Program } from '@apsaramq/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../support/any-ports.ts'
import { ownProgram, temporaryDirectory } from '../support/own-program.ts'
import { describeOwnProgram, ownerClient } from '../support/target.ts'

const withoutStack = /^\s+at /m

const url = (scheme: string, path = '') =>
  expect.stringMatching(new RegExp(`^${scheme}://(127\\.0\\.0\\.1|localhost):[1-9]\\d+${path}$`)) as unknown

/** Runs `start` and expects it to end with one sentence. */
async function refusal(flags: string[], env: Record<string, string> = {}): Promise<string> {
  const dataDir = join(await temporaryDirectory(), 'data')
  const error = await startProgram({ args: ['start', ...flags], dataDir, env }).catch((reason: unknown) => reason)
  if (!(error instanceof ProgramExitedError)) {
    throw new Error(error instanceof Error ? error.message : `${flags.join(' ')} was accepted`)
  }
  const { code, stdout, stderr } = error.result
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).not.toMatch(withoutStack)
  const said = stderr.trim().split('\n').at(-1)!
  expect(said).toMatch(/^apsaramq-emulator: /)
  return said
}

describeOwnProgram('start', () => {
  test('A4 A7: says Ready once every port, free ones all, listens and the endpoints file is written', async () => {
    const directory = await temporaryDirectory()
    const endpointsFile = join(directory, 'ends.json')
    const dataDir = join(directory, 'data')
    const program = await ownProgram([], { dataDir, endpointsFile })
    expect(program.stdout().trimEnd().split('\n').at(-1)).toBe('Ready')
    const endpoints = readEndpoints(endpointsFile)
    expect(readEndpoints(join(dataDir, 'endpoints.json'))).toEqual(endpoints)
    expect(endpoints).toEqual({
      api: url('http'),
      apiTls: url('https'),
      mqtts: url('mqtts'),
      wss: url('wss', '/mqtt'),
      mqtt: url('mqtt'),
      ws: url('ws', '/mqtt'),
      management: url('http'),
      caFile: expect.stringMatching(/^\/.*\.pem$/) as unknown,
      regionId: 'cn-hangzhou',
      accountId: '1000000000000001',
      accessKeyId: 'LTAIemulatorOwner001',
      accessKeySecret: 'emulator-owner-secret-0001',
      instanceId: 'post-cn-emulator001',
      pid: program.pid,
      users: [
        {
          name: 'reader',
          accountId: '1000000000000001',
          accessKeyId: 'LTAIemulatorReader01',
          accessKeySecret: 'emulator-reader-secret-001',
        },
        expect.objectContaining({
          accountId: '1000000000000002',
          accessKeyId: 'LTAIemulatorOther001',
          accessKeySecret: 'emulator-other-secret-0001',
        }) as unknown,
      ],
      instances: [
        { instanceId: 'post-cn-emulator001', accountId: '1000000000000001', edition: 'platinum', tls: 'mutual' },
        { instanceId: 'post-cn-emulator002', accountId: '1000000000000001', edition: 'professional', tls: 'one-way' },
      ],
    })
    const { api, apiTls, mqtts, wss, mqtt, ws, management } = endpoints
    for (const origin of [api, apiTls, mqtts, wss, mqtt, ws, management]) {
      const { hostname, port } = new URL(origin!) // all are there, as asserted above
      const socket = net.connect(Number(port), hostname)
      await once(socket, 'connect')
      socket.destroy()
    }
    expect((await fetch(`${endpoints.management}/ready`)).status).toBe(200)
    expect(await readFile(endpoints.caFile, 'utf8')).toContain('BEGIN CERTIFICATE')
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'A4: %s ends it in order, with code 0 and without its endpoints file',
    async (signal) => {
      const dataDir = join(await temporaryDirectory(), 'data')
      const program = await ownProgram([], { dataDir })
      program.kill(signal)
      expect(await program.exited).toEqual({ code: 0, signal: null })
      expect(() => readEndpoints(join(dataDir, 'endpoints.json'))).toThrow('no endpoints file')
      expect(program.stderr()).not.toMatch(withoutStack)
    },
  )

  test.skipIf(process.platform !== 'linux')('A4: runs on where its log cannot be written, a full disk', async () => {
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
    const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
    const intoFullDisk = ['/bin/sh', '-c', 'exec "$@" 2>/dev/full', 'sh'] as const
    const program = await ownProgram([], { command: [...intoFullDisk, process.execPath, '--import', loader, main] })
    const endpoints = program.endpoints()
    const client = ownerClient(endpoints)
    onTestFinished(() => client.close())
    const page = { MqttInstanceId: endpoints.instanceId, PageNo: '1', PageSize: '1' }
    expect((await client.call('ListCaCertificate', page)).status).toBe(200)
    expect(await program.stop()).toEqual({ code: 0, signal: null })
  })

  test('A4: a signal while it starts ends it, too', async () => {
    const dataDir = join(await temporaryDirectory(), 'data')
    const starting = runProgram({ args: ['start', ...anyPorts], dataDir, command: interruptedAtFirstLine() })
    expect(await starting).toMatchObject({ code: 0, signal: null })
  })

  test('L5: tells what differs from the defaults, with its origin, and the assumptions in force', async () => {
    const directory = await temporaryDirectory()
    const config = join(directory, 'config.json')
    await writeFile(config, JSON.stringify({ rejectAt: 'connack' }))
    const program = await startProgram({
      args: ['start', ...anyPorts, '--live-sessions', 'keep', '--config', config],
      dataDir: join(directory, 'data'),
      env: { APSARAMQ_LIMIT: '50' },
    })
    onTestFinished(() => program.stop().then(() => undefined))
    const lines = program.stderr().split('\n')
    const listening = lines.indexOf('assumptions in force (LIMITS.md):')
    expect(lines.slice(0, listening).filter((line) => !line.includes('-port'))).toEqual([
      `data = ${join(directory, 'data')} (flag; default .apsaramq)`,
      'live-sessions = keep (flag; default drop)',
      'reject-at = connack (file; default cut)',
      'limit = 50 (environment; default 500)',
    ])
    expect(lines.slice(listening + 1)).toContainEqual(expect.stringMatching(/^ {2}A-05 assumed: /))
  })

  test('L5: tells at its end which assumptions the run has rested on', async () => {
    const program = await ownProgram()
    const endpoints = program.endpoints()
    const client = ownerClient(endpoints)
    await client.call('GetRegisterCode', { MqttInstanceId: endpoints.instanceId })
    client.close()
    await program.stop()
    expect(program.stderr()).toMatch(/A-12/)
    expect(program.stderr().split('rested on').at(-1)).toMatch(/A-12.*×1/)
  })

  test('A7: several start side by side without a collision', { timeout: 120_000 }, async () => {
    const programs = await Promise.all([1, 2, 3, 4].map(() => ownProgram()))
    const origins = programs.flatMap((program: Program) => {
      const { api, apiTls, mqtts, wss, mqtt, ws, management } = program.endpoints()
      return [api, apiTls, mqtts, wss, mqtt, ws, management].map((origin) => new URL(origin!).port)
    })
    expect(new Set(origins).size).toBe(28)
  })

  test('A3: --ephemeral forgets everything', async () => {
    const directory = await temporaryDirectory()
    const endpointsFile = join(directory, 'ends.json')
    const program = await startProgram({ args: ['start', ...anyPorts, '--ephemeral'], endpointsFile, cwd: directory })
    onTestFinished(() => program.stop().then(() => undefined))
    expect(program.endpoints().instanceId).toBe('post-cn-emulator001')
    const client = ownerClient(program.endpoints())
    onTestFinished(() => client.close())
    expect((await client.call('GetRegisterCode', { MqttInstanceId: program.endpoints().instanceId })).status).toBe(200)
  })

  test('B5: --auth off takes any signature, and says so loudly', async () => {
    const program = await ownProgram(['--auth', 'off'])
    const endpoints = program.endpoints()
    const client = ownerClient(endpoints, { accessKeySecret: 'wrong' })
    onTestFinished(() => client.close())
    expect((await client.call('GetRegisterCode', { MqttInstanceId: endpoints.instanceId })).status).toBe(200)
    expect(program.stderr()).toMatch(/WARNING.*auth/i)
  })

  describe('refuses, in one sentence and with exit code 1,', () => {
    test.each([
      ['a flag it does not know', ['--nonsense'], /nonsense/],
      ['a flag without its value', ['--api-port'], /api-port/],
      ['a port that is none', ['--api-port', '70000'], /70000/],
      ['a policy that is none', ['--live-sessions', 'sometimes'], /sometimes.*drop/],
      ['a limit that is none', ['--limit', '-3'], /limit/],
      ['a configuration file that is absent', ['--config', '/nowhere/config.json'], /\/nowhere\/config\.json/],
      ['words that are no flags', ['now'], /now/],
      ['a throttle that is none', ['--throttle', 'leaky'], /--throttle "leaky" is none of sliding, fixed, bucket$/],
    ])('A4: %s', async (_, flags, said) => {
      expect(await refusal([...anyPorts, ...flags])).toMatch(said)
    })

    test('A4: a variable that is none', async () => {
      expect(await refusal(anyPorts.slice(2), { APSARAMQ_API_PORT: 'many' })).toMatch(/APSARAMQ_API_PORT.*many/)
    })

    test('A4: a configuration file that is no JSON', async () => {
      const config = join(await temporaryDirectory(), 'config.json')
      await writeFile(config, '{')
      expect(await refusal([...anyPorts, '--config', config])).toContain(config)
    })

    test.each([
      '--api-port',
      '--api-tls-port',
      '--mqtts-port',
      '--wss-port',
      '--mqtt-port',
      '--ws-port',
      '--management-port',
    ])('A4: a busy port (%s), which it names, and leaves nothing half-started', async (flag) => {
      const server = net.createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      onTestFinished(() => void server.close())
      const { port } = server.address() as AddressInfo
      const said = await refusal([...anyPorts, flag, String(port)]) // of a flag given twice the last counts
      expect(said).toContain(String(port))
      expect(said).toContain(flag)
    })

    test('A4: a command that is none', async () => {
      const { code, stderr } = await runProgram({ args: ['dance'] })
      expect({ code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/dance is no command/) as unknown,
      })
    })
  })
})

/** The CLI, run by a shell that sends it SIGTERM as soon as it says anything. */
function interruptedAtFirstLine(): [string, ...string[]] {
  const main = new URL('../../packages/cli/src/main.ts', import.meta.url).pathname
  const script = `
    const { spawn } = require('node:child_process')
    const child = spawn(process.execPath, ['--import', 'tsx', ${JSON.stringify(main)}, ...process.argv.slice(1)], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stderr.once('data', () => child.kill('SIGTERM'))
    child.stderr.resume(); child.stdout.resume()
    child.on('close', (code, signal) => { process.exitCode = code ?? 99 })`
  return [process.execPath, '-e', script, '--']
}
