export { createBroker } from './broker.ts'
export type {
  Broker,
  BrokerOptions,
  BrokerSettings,
  CaStatusRule,
  DelayPolicy,
  LiveSessionPolicy,
  Transport,
} from './settings.ts'
