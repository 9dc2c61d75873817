export { createBroker } from './broker.ts'
export type { Broker, BrokerOptions, BrokerSettings, LiveSessionPolicy } from './settings.ts'
