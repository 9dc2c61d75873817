import type { LiveClientKind } from './live-client.ts'
import { liveMosquitto } from './live-mosquitto.ts'
import { liveMqttJs } from './live-mqtt-js.ts'
import { livePaho } from './live-paho.ts'

/** Every kind of device client the suite drives. */
export const liveClients: readonly LiveClientKind[] = [liveMqttJs, liveMosquitto, livePaho]
