import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { environmentName, options, usualPorts } from '@apsaramq/emulator'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'

interface Service {
  build: string
  command: string[]
  environment: Record<string, string | number>
  networks: { default: { aliases: string[] } }
  ports: string[]
  sysctls: Record<string, number>
  volumes: string[]
}

const root = dirname(import.meta.dirname)
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const compose = parse(read('docker-compose.yml')) as { services: { apsaramq: Service }; volumes: Record<string, null> }
const service = compose.services.apsaramq

/** What follows a word of the Dockerfile, a line each, continued lines joined. */
function instructions(word: string): string[] {
  const lines = read('Dockerfile')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))
}

const environment = Object.fromEntries(
  instructions('ENV').flatMap((line) =>
    line
      .trim()
      .split(/\s+/)
      .map((pair) => pair.split('=') as [string, string]),
  ),
)
const variables = options.map(({ flag }) => environmentName(flag))
const usual: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(usualPorts).map(([transport, port]) => [`${transport}Port`, port]),
)
const portOptions = options
  .filter(({ key }) => key.endsWith('Port'))
  .map(({ key, flag, initial }) => ({ flag, initial: usual[key] ?? initial }))
const defaultPorts = portOptions.map(({ initial }) => Number(initial))

describe('the Dockerfile', () => {
  test('copies what exists', () => {
    const copies = instructions('COPY').filter((line) => !line.startsWith('--from'))
    const sources = copies.flatMap((line) => line.split(' ').slice(0, -1))
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([])
    expect(sources).toContain('packages')
  })

  test('starts the program of the emulator script, by way of the same loader', () => {
    const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts
    const entry = JSON.parse(instructions('ENTRYPOINT')[0] ?? '[]') as string[]
    expect(entry.join(' ')).toBe(scripts['emulator'])
    expect(existsSync(join(root, entry[3] ?? ''))).toBe(true)
    expect(JSON.parse(instructions('CMD')[0] ?? '[]')).toEqual([scripts['start']?.split(' ').at(-1)])
  })

  test('lists tsx among what an image needs, not among the development tools', () => {
    expect((JSON.parse(read('package.json')) as { dependencies: object }).dependencies).toHaveProperty('tsx')
  })

  test('exposes the ports that the program listens on', () => {
    expect(instructions('EXPOSE').join(' ').split(' ').map(Number).sort()).toEqual(defaultPorts.sort())
  })

  test('sets variables that are settings, and keeps the state in its volume', () => {
    expect(Object.keys(environment).filter((name) => !variables.includes(name))).toEqual([])
    expect(environment['APSARAMQ_DATA']).toBe(instructions('VOLUME')[0])
  })

  test('runs as a user without privileges, who owns the volume', () => {
    expect(instructions('USER')).toEqual(['node'])
    expect(instructions('RUN').at(-1)).toContain(`chown node:node ${environment['APSARAMQ_DATA']}`)
  })
})

describe('the health check of the image', () => {
  const [program, ...args] = JSON.parse(/CMD (.*)$/.exec(instructions('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]') as string[]
  const managementPort = options.find(({ key }) => key === 'managementPort')?.initial

  /** Its exit code against a server that answers every path but /ready with 200. */
  async function healthOf(status: number): Promise<number | null> {
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/ready' ? status : 200).end(),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const command = args.map((arg) => arg.replace(`:${managementPort}/`, `:${port}/`))
    const child = spawn(program === 'node' ? process.execPath : '', command, { stdio: 'ignore' })
    return new Promise((resolve) => child.on('close', resolve))
  }

  test('passes when the management port says ready, and only then', async () => {
    expect(args.join(' ')).toContain(`http://127.0.0.1:${managementPort}/ready`)
    expect([await healthOf(200), await healthOf(503)]).toEqual([0, 1])
  })
})

describe('docker-compose.yml', () => {
  test('builds this folder and runs a command of the program', () => {
    expect([service.build, service.command]).toEqual(['.', JSON.parse(instructions('CMD')[0] ?? '[]')])
  })

  test('publishes every port under its usual number, to this machine only', () => {
    const wanted = portOptions.map(
      ({ flag, initial }) => `127.0.0.1:${initial}:${service.environment[environmentName(flag)] ?? initial}`,
    )
    expect(new Set(service.ports)).toEqual(new Set(wanted))
  })

  test("K2: has the names and the ports of the vendor, those of README.md's hosts file, without being root", () => {
    const hosts = /### Unchanged configuration.*?^```text\n(.*?)^```$/ms.exec(read('README.md'))?.[1] ?? ''
    const names = hosts.split(/\s+/).filter((word) => word !== '' && word !== '127.0.0.1')
    expect(names).toHaveLength(4)
    expect(service.networks.default.aliases).toEqual(names)
    const { APSARAMQ_API_PORT, APSARAMQ_API_TLS_PORT } = service.environment
    expect([APSARAMQ_API_PORT, APSARAMQ_API_TLS_PORT]).toEqual([80, 443])
    expect(service.sysctls).toEqual({ 'net.ipv4.ip_unprivileged_port_start': 0 })
  })

  test('sets variables that are settings, a management token among them', () => {
    expect(Object.keys(service.environment).filter((name) => !variables.includes(name))).toEqual([])
    expect(service.environment).toHaveProperty('APSARAMQ_MANAGEMENT_TOKEN')
  })

  test('keeps the state in a volume where the image does', () => {
    expect(service.volumes).toEqual([`${Object.keys(compose.volumes)[0]}:${environment['APSARAMQ_DATA']}`])
  })
})
