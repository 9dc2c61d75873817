import { mosquittoClients } from './mosquitto.ts'
import { mqttJs } from './mqtt-js.ts'
import { pahoCClients } from './paho-c.ts'
import { pahoPythonClient } from './paho-python.ts'
import type { ClientKind } from './row.ts'

/** Every kind of client of the matrix. */
export const kinds: readonly ClientKind[] = [mqttJs, mosquittoClients, pahoPythonClient, pahoCClients]
