import type { Endpoints } from './endpoints.ts'

/** A device certificate with its key, ready to connect with; keys and certificates are PEM. */
export interface IssuedDevice {
  clientId: string
  deviceSn: string
  caSn: string
  key: string
  cert: string
  /** The certificate followed by its CA. */
  chain: string
  /** Base64 of a PKCS#12 file, RSA only. */
  p12?: string
  /** Password of that file. */
  p12Password?: string
  username: string
  password: string
}

/** Most devices in one request: an answer holds them all. */
export const maxDevicesPerRequest = 1_000

/** What a device certificate shall be like. */
export interface DeviceRequest {
  clientId: string
  /** Serial number of the registered CA; the seed's without a value. */
  ca?: string
  sn?: string
  keyType?: 'rsa' | 'ec'
  validFrom?: number
  validUntil?: number
  /** A day past its end, or a day before its beginning; instead of `validFrom` and `validUntil`. */
  validity?: 'expired' | 'not-yet-valid'
  /** Signs with a CA nobody registered. */
  wrongCa?: boolean
  count?: number
  /** Enters it in the store without a connection. */
  registered?: boolean
}

/** Whose story to tell. */
export type Subject = { clientId: string } | { sn: string } | { requestId: string }

/** The management port refused a request. */
export class ManagementError extends Error {
  override readonly name = 'ManagementError'
  readonly status: number
  /** The port's own sentence. */
  readonly reason: string

  constructor(request: string, status: number, reason: string) {
    super(`${request} answered ${status}: ${reason}`)
    this.status = status
    this.reason = reason
  }
}

/** Talks to the management port of an emulator. */
export interface ManagementClient {
  /** The JSON answer to a request. @throws {ManagementError} when it is not 2xx */
  request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  issueDevices(request: DeviceRequest): Promise<IssuedDevice[]>
  /** Why something was refused, as the emulator tells it. */
  explain(subject: Subject): Promise<unknown>
}

/** Makes a client of the management port. @param token needed where the port is not on the loopback */
export function managementClient(management: Endpoints['management'], token?: string): ManagementClient {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
  const request: ManagementClient['request'] = (method, path, body) =>
    ask(new URL(path, management), {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  return {
    request,
    async issueDevices(wanted) {
      const answer = (await request('POST', '/devices', wanted)) as { devices: IssuedDevice[] } // the port's contract
      return answer.devices
    },
    explain: (subject) => request('GET', `/explain?${new URLSearchParams(Object.entries(subject))}`),
  }
}

async function ask(url: URL, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, init)
  const text = await response.text()
  if (!response.ok) throw new ManagementError(`${init.method} ${url.pathname}`, response.status, reasonIn(text))
  return text === '' ? undefined : JSON.parse(text)
}

function reasonIn(text: string): string {
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  return message === undefined ? text.slice(0, 500) : (JSON.parse(`"${message}"`) as string)
}
