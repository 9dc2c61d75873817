export { createBroker } from './broker.ts'
export type { Broker, BrokerOptions, BrokerSettings, CaStatusRule, LiveSessionPolicy } from './settings.ts'
