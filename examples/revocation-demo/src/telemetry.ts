import type { Cancel, Clock } from '@apsaramq/model'
import type { MqttClient } from 'mqtt'

/** A packet the broker has acknowledged. */
export interface AcknowledgedPacket {
  number: number
  /** On the clock's monotonic source. */
  at: number
}

/** The packets a device sends while it is connected: QoS 1, numbered. */
export interface Telemetry {
  /** Number of the latest packet that was sent. */
  sent(): number
  last(): AcknowledgedPacket | undefined
  onAcknowledged(listener: (packet: AcknowledgedPacket) => void): () => void
  stop(): void
}

const periodMs = 20

/** Sends a packet every 20 ms, as long as there is a connection. */
export function createTelemetry(client: MqttClient, topic: string, clock: Clock): Telemetry {
  const listeners = new Set<(packet: AcknowledgedPacket) => void>()
  let sent = 0
  let last: AcknowledgedPacket | undefined
  const acknowledged = (number: number) => {
    const packet = { number, at: clock.monotonic() }
    last = packet
    for (const listener of listeners) listener(packet)
  }
  const send = () => {
    const number = (sent += 1)
    client.publish(topic, JSON.stringify({ number }), { qos: 1 }, (error) => {
      if (!error) acknowledged(number)
    })
  }
  return {
    sent: () => sent,
    last: () => last,
    onAcknowledged(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stop: every(periodMs, clock, () => void (client.connected && send())),
  }
}

function every(ms: number, clock: Clock, work: () => void): Cancel {
  const again = () => {
    work()
    cancel = clock.after(ms, again)
  }
  let cancel = clock.after(ms, again)
  return () => cancel()
}
