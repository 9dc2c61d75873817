import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the call has come to the pause, and is not answered yet. */
    isInside: boolean
  }
}

/**
 * Keeps calls out while everything is put back: those that are inside are answered first, those that come wait. So no
 * call sees half of it, and none writes into the new state what it has read of the old (features G4).
 */
export class Pause {
  #inside = 0
  /** Who waits for the end of the pause; undefined while there is none. */
  #waiting: (() => void)[] | undefined
  #onEmpty: (() => void) | undefined

  /** Counts a call in: at once, or when the pause is over. */
  enter(): Promise<void> | undefined {
    const waiting = this.#waiting
    if (waiting) return new Promise((resolve) => void waiting.push(resolve))
    this.#inside += 1
    return undefined
  }

  leave(): void {
    this.#inside -= 1
    if (this.#inside === 0) this.#onEmpty?.()
  }

  /** Begins a pause. Resolves when nobody is inside. */
  begin(): Promise<void> {
    this.#waiting ??= []
    if (this.#inside === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onEmpty = resolve
    })
  }

  /** Lets in who waits. */
  end(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    this.#onEmpty = undefined
    this.#inside += waiting.length
    for (const enter of waiting) enter()
  }
}

/** Stands before the gateway, behind the reading of the body: who is slow to send must not hold up a reset. */
export const pause = fp(
  async (app) => {
    const { pause: gate } = app.plane
    app.decorateRequest('isInside', false)
    app.addHook('preHandler', (request, _reply, done) => {
      request.isInside = true
      const waiting = gate.enter()
      if (waiting) return waiting
      done()
      return undefined
    })
    app.addHook('onSend', (request, _reply, payload, done) => {
      if (request.isInside) gate.leave()
      request.isInside = false
      done(null, payload)
    })
  },
  { name: 'pause', dependencies: ['body'] },
)
