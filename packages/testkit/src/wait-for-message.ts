import type { MqttClient } from 'mqtt'
import { watchConnection } from './connection-watch.ts'
import { waitWithin, type WaitOptions } from './deadline.ts'

/** A message that reached a client. */
export interface ReceivedMessage {
  topic: string
  payload: Buffer
}

/**
 * Resolves with the first message that comes after this call and that `matches`; subscribe first.
 *
 * @throws {DeadlineError} naming the messages that came instead
 */
export function waitForMessage(
  client: MqttClient,
  matches: (message: ReceivedMessage) => boolean = () => true,
  options: WaitOptions = {},
): Promise<ReceivedMessage> {
  const others: string[] = []
  const watch = watchConnection(client, options.clock)
  return waitWithin<ReceivedMessage>(
    options,
    ({ resolve }) => {
      const look = (topic: string, payload: Buffer) => {
        if (matches({ topic, payload })) resolve({ topic, payload })
        else others.push(`${topic} ${payload.toString('utf8').slice(0, 40)}`)
      }
      client.on('message', look)
      return () => void client.off('message', look)
    },
    (withinMs) => {
      const came = others.slice(-10).join(', ') || 'none'
      return `waited ${withinMs} ms for a message; others that came: ${came}; the client is ${watch.current().state}`
    },
  )
}
