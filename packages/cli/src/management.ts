import { resolve } from 'node:path'
import type { Emulator } from '@apsaramq/emulator'
import { endpointsFileOf, managementClient, ManagementError, readEndpoints } from '@apsaramq/testkit/http'
import { UsageError } from './usage-error.ts'

/** Flags by which every command finds its emulator. */
export const managementFlags = { data: 'string', management: 'string', 'management-token': 'string' } as const

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** A way to the management port. */
export interface Management {
  request<T>(method: Method, path: string, body?: unknown): Promise<T>
  /** Ends an emulator that was started only for this command. */
  close(): Promise<void>
}

type Flags = Record<string, string | undefined>

/** The data directory a command is about. */
export function dataDirectory(flags: Flags): string {
  return resolve(flags['data'] ?? process.env['APSARAMQ_DATA'] ?? '.apsaramq')
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok
  } catch {
    return false
  }
}

/** The management URL of the emulator that runs on a data directory; undefined where none answers. */
export async function runningOn(directory: string): Promise<string | undefined> {
  let url: string
  try {
    url = readEndpoints(endpointsFileOf(directory)).management
  } catch {
    return undefined
  }
  return (await answers(url)) ? url : undefined
}

/** An emulator on the directory for as long as the command takes, on free ports. */
async function startFor(directory: string): Promise<Emulator> {
  const { createEmulator } = await import('@apsaramq/emulator') // loaded only where it is needed: it takes a while
  const ports = { apiPort: 0, apiTlsPort: 0, mqttsPort: 0, managementPort: 0 }
  return createEmulator({ settings: { data: directory, ...ports } })
}

/**
 * Finds the emulator a command is for: the one at `--management`, else the one that runs on the data directory, else
 * one that is started on that directory for this command alone.
 */
export async function openManagement(flags: Flags): Promise<Management> {
  const request = await requestOfRunning(flags)
  if (request) return { request, close: async () => undefined }
  const emulator = await startFor(dataDirectory(flags))
  return { request: requester(emulator.endpoints.management, undefined), close: () => emulator.close() }
}

async function requestOfRunning(flags: Flags): Promise<Management['request'] | undefined> {
  const token = flags['management-token'] ?? process.env['APSARAMQ_MANAGEMENT_TOKEN']
  const running = flags['management'] ?? (await runningOn(dataDirectory(flags)))
  return running === undefined ? undefined : requester(running, token)
}

/** The same for what only an emulator that runs has. @throws {UsageError} when none runs on the data directory */
export async function requestRunning(flags: Flags): Promise<Management['request']> {
  const request = await requestOfRunning(flags)
  if (request) return request
  throw new UsageError(`no emulator runs on ${dataDirectory(flags)}: start one, or say --management URL`)
}

function requester(url: string, token: string | undefined): Management['request'] {
  const client = managementClient(url, token)
  return async <T>(method: Method, path: string, body?: unknown) => {
    try {
      return (await client.request(method, path, body)) as T
    } catch (error) {
      if (error instanceof ManagementError) throw new UsageError(error.reason)
      throw new UsageError(`no emulator answers at ${url}: ${causeOf(error)}`)
    }
  }
}

function causeOf(error: unknown): string {
  const { cause, message } = error as Error
  return cause instanceof Error ? cause.message : message
}

/** The answer of `/ready`. */
export interface Readiness {
  ready: boolean
  pending: string[]
}

/** Asks whether an emulator is ready. @throws {UsageError} when nothing answers */
export async function readinessOf(management: string): Promise<Readiness> {
  try {
    return (await (await fetch(`${management}/ready`)).json()) as Readiness
  } catch {
    throw new UsageError(
      `the emulator of the endpoints file does not answer at ${management}: it has ended without removing the file`,
    )
  }
}
