import { manualClock, type LogEntry } from '@apsaramq/model'
import type { Transport } from '@apsaramq/broker'
import { describe, expect, it } from 'vitest'
import { configure } from './configure.ts'
import { openMqttPorts } from './mqtt-ports.ts'
import { createReadiness } from './readiness.ts'
import { createRecorder } from './recorder.ts'

/** Ports of a machine where some are taken; port 0 gives free ones from 40,001 on. */
function machine(...taken: number[]) {
  const asked: string[] = []
  let free = 40_000
  return {
    asked,
    listen: async (transport: Transport, { port }: { port: number }) => {
      asked.push(`${transport}:${port}`)
      if (taken.includes(port)) throw Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
      if (port !== 0) return { port }
      free += 1
      return { port: free }
    },
  }
}

async function open(flags: Record<string, string>, broker: ReturnType<typeof machine>) {
  const logged: LogEntry[] = []
  const recorder = createRecorder(manualClock(), (entry) => logged.push(entry))
  const readiness = createReadiness()
  const ports = await openMqttPorts(broker, { settings: configure({ flags }).settings, recorder }, readiness)
  return { ports, warnings: logged.map(({ message }) => message), pending: readiness.pending() }
}

describe('the ports of the broker', () => {
  it('A7: are the usual ones where nothing is said', async () => {
    const broker = machine()
    expect(await open({}, broker)).toEqual({
      ports: { mqtts: 8883, wss: 8084, mqtt: 1883, ws: 8083 },
      warnings: [],
      pending: ['store', 'trust', 'seed', 'api', 'api-tls', 'endpoints'],
    })
  })

  it('A7: are free ones where the usual ones are taken, which is said', async () => {
    const { ports, warnings } = await open({}, machine(1883, 8084))
    expect(ports).toEqual({ mqtts: 8883, wss: 40_001, mqtt: 40_002, ws: 8083 })
    expect(warnings).toEqual([
      'port 8084 is in use: wss is on port 40001; choose another with --wss-port',
      'port 1883 is in use: mqtt is on port 40002; choose another with --mqtt-port',
    ])
  })

  it('A7: are free ones beside a free one', async () => {
    const broker = machine()
    const { ports, warnings } = await open({ 'mqtts-port': '0' }, broker)
    expect(broker.asked).toEqual(['mqtts:0', 'wss:0', 'mqtt:0', 'ws:0'])
    expect([ports, warnings]).toEqual([{ mqtts: 40_001, wss: 40_002, mqtt: 40_003, ws: 40_004 }, []])
  })

  it('are those that are asked for, and none where they are off', async () => {
    const { ports } = await open({ 'wss-port': '9000', 'mqtt-port': 'off', 'ws-port': '0' }, machine())
    expect(ports).toEqual({ mqtts: 8883, wss: 9000, mqtt: undefined, ws: 40_001 })
  })

  it.each(['mqtts', 'wss', 'mqtt', 'ws'])(
    'A4: end the start where the one asked for is taken: %s',
    async (transport) => {
      const flag = `${transport}-port`
      await expect(open({ [flag]: '9000' }, machine(9000))).rejects.toThrow(
        `127.0.0.1 port 9000 is in use: stop what listens there, or choose another with --${flag} (0 is any free port)`,
      )
    },
  )
})
