import { fileURLToPath } from 'node:url'
import type { LiveClient, LiveClientKind } from './live-client.ts'
import { liveProcess, type Meaning } from './live-process.ts'
import { pahoPython } from './tools.ts'

const script = fileURLToPath(new URL('paho-device.py', import.meta.url))

function meaningOf(line: string): Meaning {
  const [word, ...rest] = line.split(' ')
  if (word === 'message') return `message:${rest.join(' ')}`
  const known = ['connecting', 'accepted', 'refused', 'lost'] as const
  return known.find((meaning) => meaning === word)
}

/** How a client on Paho connects, as its script reads it. */
export interface PahoConnection {
  host: string
  port: string
  transport: 'tcp' | 'websockets'
  clientId: string
  /** What it subscribes to. */
  filter: string
  /** With it, TLS. */
  caFile?: string
  certFile?: string
  keyFile?: string
  username?: string
  password?: string
}

/** Starts Paho Python. */
export function startPaho(how: PahoConnection): LiveClient {
  const command: [string, ...string[]] = [pahoPython.path ?? 'python3', '-u', script, JSON.stringify(how)]
  return liveProcess('Paho Python', command, meaningOf)
}

/** Paho Python. */
export const livePaho: LiveClientKind = {
  name: 'Paho Python',
  tool: pahoPython,
  start({ clientId, certFile, keyFile }, { mqtts, caFile }, filter) {
    const { hostname: host, port } = new URL(mqtts)
    return startPaho({ host, port, transport: 'tcp', clientId, filter, caFile, certFile, keyFile })
  },
}
