import { listen, type Listener, type ListenerDeps } from './listener.ts'
import type { BrokerOptions, Transport } from './settings.ts'

/** Every port of one broker. */
export class Listeners {
  readonly #deps: ListenerDeps
  readonly #open: Listener[] = []

  constructor(deps: ListenerDeps) {
    this.#deps = deps
  }

  /** Opens one more. @throws the error of the socket, for example EADDRINUSE */
  async listen(transport: Transport, at: { host: string; port: number }): Promise<{ port: number }> {
    const listener = await listen(this.#deps, transport, at)
    this.#open.push(listener)
    return { port: listener.port }
  }

  /** Shows another certificate from the next handshake on. */
  setTls(context: BrokerOptions['tls']): void {
    for (const listener of this.#open) listener.setTls(context)
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((listener) => listener.close()))
  }
}
