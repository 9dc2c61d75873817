import type { Endpoints } from '@apsaramq/testkit'
import { onTestFinished } from 'vitest'
import { makeFleet, type Fleet } from './fleet.ts'
import type { Seat } from './row.ts'
import { mqttJsSpeaker, type Speaker, type SpeakerKind } from './speakers.ts'

/** Clients of MQTT 5 with certificates of a file's own. */
export interface Speaking extends Pick<Fleet, 'isOnline'> {
  /** A client id and a topic that nobody else has; MQTT 5 unless told otherwise. */
  takeSeat(protocol?: Seat['protocol']): Seat
  /** A client that is closed when the test has finished. */
  speak(kind: SpeakerKind, seat?: Seat): Speaker & { seat: Seat }
  /** Somebody else, who is connected. */
  somebody(): Promise<Speaker>
}

/** Makes the certificates before the first test of a file. */
export function makeSpeaking(endpoints: () => Endpoints): Speaking {
  const { seat: seatFor, isOnline } = makeFleet(endpoints)
  const takeSeat: Speaking['takeSeat'] = (protocol = '5') =>
    seatFor({ protocol, tls: 'TLSv1.3', key: 'ec', handshake: 'fresh', transport: 'mqtts' })
  const speak: Speaking['speak'] = (kind, seat = takeSeat()) => {
    const speaker = kind.open(seat)
    onTestFinished(() => speaker.close())
    return { ...speaker, seat }
  }
  const somebody = async () => {
    const speaker = speak(mqttJsSpeaker)
    await speaker.connect()
    return speaker
  }
  return { isOnline, takeSeat, speak, somebody }
}
