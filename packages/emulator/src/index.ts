export { describeTouched, type LedgerEntry } from './assumption-ledger.ts'
export {
  configure,
  ConfigurationError,
  describeConfiguration,
  settingText,
  type Configuration,
  type Sources,
} from './configure.ts'
export { createEmulator, type Emulator, type EmulatorOptions } from './create-emulator.ts'
export { createLogger, logTo } from './log-sink.ts'
export { environmentName, options, usualPorts, type Option, type Settings } from './options.ts'
export { seedSchema } from './seed/seed-schema.ts'
export { StartError } from './start-error.ts'
export { systemClock } from '@apsaramq/model'
