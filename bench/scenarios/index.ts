import type { Scenario } from '../lib/scenario.ts'
import { apiCeiling } from './api-ceiling.ts'
import { bothPlanes } from './both-planes.ts'
import { connect } from './connect.ts'
import { endurance } from './endurance.ts'
import { memory } from './memory.ts'
import { messages } from './messages.ts'
import { revoke } from './revoke.ts'
import { singleMessages } from './single-messages.ts'
import { slowSubscriber } from './slow-subscriber.ts'
import { store } from './store.ts'
import { throttle } from './throttle.ts'

/** The scenarios by their command, in the order in which all of them run. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  throttle,
  api: apiCeiling,
  'both-planes': bothPlanes,
  connect,
  revoke,
  messages,
  'single-messages': singleMessages,
  'slow-subscriber': slowSubscriber,
  store,
  memory,
  endurance,
}
