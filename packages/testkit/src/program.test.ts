import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '@apsaramq/model'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readEndpoints } from './endpoints.ts'
import { ProgramExitedError, runProgram, startProgram } from './program.ts'

const stay = 'setInterval(() => {}, 1000)'
const node = (code: string): [string, ...string[]] => [process.execPath, '-e', code, '--']

test('A4: a program is started once it says Ready, and stopped by SIGTERM', async () => {
  const code = `process.on('SIGTERM', () => process.exit(0)); console.error('log'); console.log('Ready in 3 ms'); ${stay}`
  const program = await startProgram({ command: node(code) })
  expect(program.pid).toBeGreaterThan(0)
  expect(await program.stop()).toEqual({ code: 0, signal: null })
  expect({ stdout: program.stdout(), stderr: program.stderr() }).toEqual({ stdout: 'Ready in 3 ms\n', stderr: 'log\n' })
})

test('a kill shows as the signal, and stopping what has ended tells the same', async () => {
  const program = await startProgram({ command: node(`console.log('Ready'); ${stay}`) })
  program.kill('SIGKILL')
  expect(await program.exited).toEqual({ code: null, signal: 'SIGKILL' })
  expect(await program.stop()).toEqual({ code: null, signal: 'SIGKILL' })
})

test('a program that ends instead of being ready tells its code and what it wrote', async () => {
  const code = `console.log('starting'); console.error('port 8883 is taken'); process.exitCode = 1`
  const failure = await startProgram({ command: node(code) }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(ProgramExitedError)
  expect(failure).toMatchObject({
    message: 'the program ended (1) before it was ready: port 8883 is taken\n',
    result: { code: 1, signal: null, stdout: 'starting\n', stderr: 'port 8883 is taken\n' },
  })
})

test('a program that is never ready is killed at the deadline', async () => {
  const clock = manualClock()
  const starting = startProgram({ command: node(`console.log('not yet'); ${stay}`), clock, withinMs: 100 })
  clock.advance(100)
  await expect(starting).rejects.toThrow('the program was not ready within 100 ms')
})

test('a command that does not exist is an error', async () => {
  await expect(startProgram({ command: ['/nonexistent/program'] })).rejects.toThrow('ENOENT')
})

test('arguments, data directory and environment reach the program; settings of another emulator do not', async () => {
  vi.stubEnv('APSARAMQ_API_PORT', '1')
  onTestFinished(() => void vi.unstubAllEnvs())
  const code = `console.log(JSON.stringify([process.argv.slice(1), process.env.APSARAMQ_API_PORT, process.env.NODE_ENV, process.env.X]))`
  const { stdout, ...rest } = await runProgram({
    command: node(code),
    args: ['status'],
    dataDir: '/data',
    endpointsFile: '/ends.json',
    env: { X: '1' },
  })
  expect(JSON.parse(stdout)).toEqual([['status', '--data', '/data', '--endpoints-file', '/ends.json'], null, null, '1'])
  expect(rest).toEqual({ code: 0, signal: null, stderr: '' })
})

test('A6: endpoints are read from the file that is named, and a wrong file is named in the error', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'testkit-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'endpoints.json')
  expect(() => readEndpoints(file)).toThrow(`no endpoints file at ${file}: is the emulator running?`)
  await writeFile(file, '{"api":"http://127.0.0.1:1"}')
  expect(() => readEndpoints(file)).toThrow(`${file} is not an endpoints file`)
  const whole = { api: 'a', mqtts: 'm', accessKeyId: 'i', accessKeySecret: 's', instanceId: 'x', caFile: 'c' }
  await writeFile(file, JSON.stringify(whole))
  vi.stubEnv('APSARAMQ_ENDPOINTS_FILE', file)
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(readEndpoints()).toEqual(whole)
})
