import type { Clock } from '@apsaramq/model'
import {
  deviceClient,
  waitForConnect,
  waitForDisconnect,
  waitForRefusal,
  waitWithin,
  watchConnection,
  type Endpoints,
  type IssuedDevice,
} from '@apsaramq/testkit'
import type { MqttClient } from 'mqtt'
import { createTelemetry, type AcknowledgedPacket, type Telemetry } from './telemetry.ts'
import type { Timeline } from './timeline.ts'

/** A device as it would be in the field: it publishes, and when its connection ends it tries again until it is let in. */
export interface Device {
  issued: IssuedDevice
  connected(): Promise<void>
  closed(): Promise<void>
  /** Resolves when it has been refused that often more; rejects when it is let in instead. */
  refused(times: number): Promise<void>
  /** Resolves with the first packet that was sent after this call and acknowledged. */
  packetThrough(): Promise<AcknowledgedPacket>
  /** Ends the TCP connection as a broken network does. */
  cutLink(): void
  stop(): Promise<void>
}

/** What a device is made from. */
export interface DeviceParts {
  endpoints: Endpoints
  issued: IssuedDevice
  timeline: Timeline
  clock: Clock
}

const reconnectPeriod = 200 // mqtt.js waits a second unless told; a demo need not
const withinMs = 10_000

/** Switches a device on. */
export function startDevice({ endpoints, issued, timeline, clock }: DeviceParts): Device {
  const client = deviceClient({ endpoints, device: issued, clock, reconnectPeriod })
  const telemetry = createTelemetry(client, `demo/${issued.deviceSn}`, clock)
  followConnection({ client, timeline, telemetry, clock })
  return {
    issued,
    connected: async () => void (await waitForConnect(client, { withinMs, clock })),
    closed: async () => void (await waitForDisconnect(client, { withinMs, clock })),
    async refused(times) {
      for (let left = times; left > 0; left -= 1) await waitForRefusal(client, { withinMs, clock, next: true })
    },
    packetThrough: () => packetThrough(telemetry, clock),
    cutLink: () => void client.stream.destroy(),
    async stop() {
      telemetry.stop()
      await client.endAsync(true)
    },
  }
}

interface Followed {
  client: MqttClient
  timeline: Timeline
  telemetry: Telemetry
  clock: Clock
}

/** Notes what the device itself sees: that it is in, its last packet, the close, each refusal, that it is back. */
function followConnection({ client, timeline, telemetry, clock }: Followed): void {
  let refusals = 0
  let wasIn = false
  watchConnection(client, clock).onChange(({ state, at, detail }) => {
    if (state === 'connected') {
      timeline.note(wasIn ? 'recovered' : 'connected', wasIn ? 'by itself: mqtt.js reconnected' : 'CONNACK 0', at)
      wasIn = true
    }
    if (state === 'refused') timeline.note('refused', `attempt ${(refusals += 1)}: ${detail}`, at)
    if (state !== 'lost') return
    const last = telemetry.last()
    if (last) timeline.note('last-packet', `packet ${last.number} was the last one acknowledged`, last.at)
    timeline.note('close-seen', detail, at)
  })
}

async function packetThrough(telemetry: Telemetry, clock: Clock): Promise<AcknowledgedPacket> {
  const sentBefore = telemetry.sent()
  return waitWithin<AcknowledgedPacket>(
    { withinMs, clock },
    ({ resolve }) => telemetry.onAcknowledged((packet) => void (packet.number > sentBefore && resolve(packet))),
    (ms) => `no packet sent after packet ${sentBefore} was acknowledged within ${ms} ms`,
  )
}
