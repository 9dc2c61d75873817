/** Work that reports its own outcome and never throws. */
export type Job = () => Promise<void> | void

/** Runs jobs one at a time, in the order in which they came. */
export class SerialQueue {
  #jobs: Job[] = []
  #next = 0
  #running = false

  push(job: Job): void {
    this.#jobs.push(job)
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    for (let job = this.#take(); job; job = this.#take()) {
      const pending = job()
      if (pending) await pending
    }
    this.#running = false
  }

  #take(): Job | undefined {
    const job = this.#jobs[this.#next]
    this.#next += 1
    if (this.#next < 1024 && job) return job
    this.#jobs = this.#jobs.slice(this.#next)
    this.#next = 0
    return job
  }
}
