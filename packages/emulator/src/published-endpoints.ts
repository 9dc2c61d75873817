import type { Endpoints } from '@apsaramq/testkit/http'
import { removeEndpoints, writeEndpoints } from './endpoints-file.ts'

/** The endpoints of a run, in memory and in files. */
export class PublishedEndpoints {
  readonly #describe: () => Promise<Endpoints>
  readonly #files: readonly string[]
  readonly #written = new Set<string>()
  #current: Endpoints | undefined

  constructor(describe: () => Promise<Endpoints>, files: readonly string[]) {
    this.#describe = describe
    this.#files = files
  }

  /** As they were described last. */
  get current(): Endpoints {
    if (!this.#current) throw new Error('the endpoints have not been published yet')
    return this.#current
  }

  /** Describes them, and writes the files where they have become others. @throws {StartError} */
  async publish(): Promise<void> {
    const endpoints = await this.#describe()
    if (JSON.stringify(endpoints) === JSON.stringify(this.#current)) return
    this.#current = endpoints
    for (const file of this.#files) {
      await writeEndpoints(file, endpoints)
      this.#written.add(file)
    }
  }

  /** Removes the files, as far as they are still what was written. */
  async withdraw(): Promise<void> {
    const endpoints = this.#current
    if (endpoints) await Promise.all([...this.#written].map((file) => removeEndpoints(file, endpoints)))
  }
}
