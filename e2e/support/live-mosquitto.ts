import type { LiveClientKind } from './live-client.ts'
import { exitLine, liveProcess, type Meaning } from './live-process.ts'
import { mosquittoSub } from './tools.ts'

/**
 * Follows `mosquitto_sub -d`, which tells of each packet. A loss shows as its next CONNECT, or as its end: whether it goes
 * on after its connection was closed depends on how far the close had come when it looked.
 */
function followDebug(): (line: string) => Meaning {
  let state: 'idle' | 'connecting' | 'connected' = 'idle'
  const leave = (next: typeof state): Meaning => {
    const before = state
    state = next
    if (before === 'connected') return 'lost'
    return before === 'connecting' ? 'refused' : undefined
  }
  return (line) => {
    if (line.startsWith('m ')) return `message:${line.slice(2)}`
    if (line === exitLine) return leave('idle')
    if (line.endsWith('sending CONNECT')) return leave('connecting') ?? 'connecting'
    if (!line.includes('received CONNACK (0)')) return undefined
    state = 'connected'
    return 'accepted'
  }
}

/** mosquitto_sub. */
export const liveMosquitto: LiveClientKind = {
  name: 'mosquitto_sub',
  tool: mosquittoSub,
  start(device, endpoints, filter) {
    const { hostname, port } = new URL(endpoints.mqtts)
    const tls = ['--cafile', endpoints.caFile, '--cert', device.certFile, '--key', device.keyFile]
    const what = ['-i', device.clientId, '-t', filter, '-q', '1', '-F', 'm %p', '-d']
    return liveProcess(
      'mosquitto_sub',
      ['stdbuf', '-oL', mosquittoSub.path ?? 'mosquitto_sub', '-h', hostname, '-p', port, ...tls, ...what],
      followDebug(),
    )
  },
}
