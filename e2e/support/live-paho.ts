import { fileURLToPath } from 'node:url'
import type { LiveClientKind } from './live-client.ts'
import { liveProcess, type Meaning } from './live-process.ts'
import { pahoPython } from './tools.ts'

const script = fileURLToPath(new URL('paho-device.py', import.meta.url))

function meaningOf(line: string): Meaning {
  const [word, ...rest] = line.split(' ')
  if (word === 'message') return `message:${rest.join(' ')}`
  const known = ['connecting', 'accepted', 'refused', 'lost'] as const
  return known.find((meaning) => meaning === word)
}

/** Paho Python. */
export const livePaho: LiveClientKind = {
  name: 'Paho Python',
  tool: pahoPython,
  start(device, endpoints, filter) {
    const { hostname, port } = new URL(endpoints.mqtts)
    const tls = [endpoints.caFile, device.certFile, device.keyFile]
    return liveProcess(
      'Paho Python',
      [pahoPython.path ?? 'python3', '-u', script, hostname, port, device.clientId, filter, ...tls],
      meaningOf,
    )
  },
}
