/** The part of the kit that speaks HTTP only: it loads no MQTT client. */
export * from './endpoints.ts'
export * from './management-client.ts'
export * from './signed-client.ts'
