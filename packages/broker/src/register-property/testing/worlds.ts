import type { Setting } from './history.ts'
import { ServerSockets } from './server-sockets.ts'
import { openWorld, type World } from './world.ts'

/** Histories after which a broker makes way for a new one, so that what it remembers stays small. */
const historiesAWorld = 1000

/** A running broker for each setting, started when it is needed. */
export class Worlds {
  readonly #sockets = new ServerSockets()
  readonly #open = new Map<string, World>()

  /** The broker of a setting, with nothing under way. */
  async of(setting: Setting): Promise<World> {
    const key = JSON.stringify(setting)
    const known = this.#open.get(key)
    if (known && known.histories < historiesAWorld) return known
    await known?.close()
    const world = await openWorld(setting, this.#sockets)
    this.#open.set(key, world)
    return world
  }

  /** Gives up a broker in which something has gone wrong. */
  async discard(setting: Setting): Promise<void> {
    const key = JSON.stringify(setting)
    const world = this.#open.get(key)
    this.#open.delete(key)
    await world?.close()
  }

  async close(): Promise<void> {
    this.#sockets.stop()
    await Promise.all([...this.#open.values()].map((world) => world.close()))
  }
}
