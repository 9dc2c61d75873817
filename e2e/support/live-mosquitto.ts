import type { LiveClientKind } from './live-client.ts'
import { liveProcess, type Meaning } from './live-process.ts'
import { mosquittoSub } from './tools.ts'

/** Follows `mosquitto_sub -d`, which tells of each packet; a loss shows as its next CONNECT. */
function followDebug(): (line: string) => Meaning {
  let state: 'idle' | 'connecting' | 'connected' = 'idle'
  return (line) => {
    if (line.startsWith('m ')) return `message:${line.slice(2)}`
    if (line.endsWith('sending CONNECT')) {
      const before = state
      state = 'connecting'
      return before === 'connected' ? 'lost' : before === 'connecting' ? 'refused' : 'connecting'
    }
    if (/received CONNACK \(0\)/.test(line)) {
      state = 'connected'
      return 'accepted'
    }
    return /received CONNACK/.test(line) ? 'refused' : undefined
  }
}

/** mosquitto_sub. */
export const liveMosquitto: LiveClientKind = {
  name: 'mosquitto_sub',
  tool: mosquittoSub,
  keepsTrying: true,
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
