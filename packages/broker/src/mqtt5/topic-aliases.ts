import { reasonCode, type Fault } from '../fault.ts'

/** Which topic aliases a client has set: aedes keeps the topics, this is what tells a good use from a bad one. */
export class TopicAliases {
  readonly #maximum: number
  readonly #known = new Set<number>()

  /** @param maximum largest alias that the CONNACK allows, 0 for none */
  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** Notes an alias that stands beside a topic, or in place of one. */
  use(alias: number, hasTopic: boolean): Fault | undefined {
    if (alias > this.#maximum) return invalid(`topic alias ${alias} where at most ${this.#maximum} is allowed`) // [MQTT-3.3.2-9]
    if (hasTopic) this.#known.add(alias)
    return this.#known.has(alias) ? undefined : invalid(`topic alias ${alias} without a topic, and none was set`) // 5.0 §3.3.4
  }
}

function invalid(message: string): Fault {
  return { message, reasonCode: reasonCode.topicAliasInvalid }
}
