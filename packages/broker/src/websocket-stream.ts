import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { StreamFault } from './stream-fault.ts'

/** Bytes that are put together in one message; a longer write is a message of its own. */
const maxGatheredBytes = 64 * 1024

/** Status codes of a close frame (RFC 6455 §7.4.1). */
const normalClosure = 1000
const unsupportedData = 1003

type Done = (error?: Error | null) => void

/**
 * The MQTT bytes in the binary messages of a WebSocket. Packets and messages need not begin or end together
 * [MQTT-6.0.0-2]: what is written in one go leaves in one message. The socket is read no faster than the stream.
 */
export class WebSocketStream extends Duplex {
  readonly #webSocket: WebSocket
  readonly #socket: Socket

  /**
   * @param webSocket open
   * @param socket what it runs on
   * @param bufferBytes written ahead of a client that does not read, before `write` says so
   */
  constructor(webSocket: WebSocket, socket: Socket, bufferBytes: number) {
    super({ allowHalfOpen: false, writableHighWaterMark: bufferBytes })
    this.#webSocket = webSocket
    this.#socket = socket
    webSocket.on('message', (data, isBinary) => this.#take(data, isBinary))
    webSocket.on('error', (error) => this.destroy(faultOf(error)))
    webSocket.on('close', () => this.#end())
    socket.once('finish', () => this.#end()) // ws has answered the client's goodbye: it need not close for it
  }

  override _read(): void {
    if (this.#webSocket.isPaused) this.#webSocket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send(chunk, done)
  }

  override _writev(writes: { chunk: Buffer }[], done: Done): void {
    const messages = gathered(writes.map(({ chunk }) => chunk))
    const last = messages.pop()!
    for (const message of messages) this.#webSocket.send(message, { binary: true })
    this.#send(last, done)
  }

  #send(message: Buffer, done: Done): void {
    this.#webSocket.send(message, { binary: true }, (error) => done(error && notTaken(error)))
  }

  /** Says goodbye behind what was written, and waits until it is gone. */
  override _final(done: Done): void {
    if (this.#socket.destroyed) return done()
    this.#socket.once('close', () => done())
    this.#webSocket.close(normalClosure)
    this.#webSocket.resume() // unread bytes would turn the close into a reset, which can overtake the goodbye
    this.#socket.destroySoon()
  }

  /** Closes now: with a goodbye of the network where nothing is waiting to be written, without one of WebSocket. LIMITS A-65 */
  override _destroy(error: Error | null, done: Done): void {
    if (!this.#socket.destroyed) {
      this.#socket.end()
      this.#socket.destroy()
    }
    done(error)
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.destroyed || this.writableEnded) return
    if (isBinary) {
      if (!this.push(data)) this.#webSocket.pause()
      return
    }
    // [MQTT-6.0.0-1]
    this.#webSocket.close(unsupportedData, 'MQTT comes in binary frames')
    this.destroy(new StreamFault('protocol-error', 'a text frame, where MQTT comes in binary ones'))
  }

  #end(): void {
    if (this.destroyed) return
    this.push(null)
    this.read(0) // else nobody learns of it before something is read
  }
}

/** A client that has gone did nothing wrong: the error says so as that of a socket does. */
function notTaken({ message }: Error): Error {
  return Object.assign(new Error(message), { code: 'EPIPE' })
}

function faultOf(error: Error & { code?: string }): StreamFault {
  const isTooLarge =
    error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || error.code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS'
  return new StreamFault(isTooLarge ? 'packet-too-large' : 'protocol-error', `WebSocket: ${error.message}`)
}

/** As few messages as have at most {@link maxGatheredBytes}, or one write each. */
function gathered(chunks: readonly Buffer[]): Buffer[] {
  const messages: Buffer[] = []
  let begin = 0
  let bytes = 0
  for (const [at, chunk] of chunks.entries()) {
    if (at > begin && bytes + chunk.length > maxGatheredBytes) {
      messages.push(Buffer.concat(chunks.slice(begin, at), bytes))
      begin = at
      bytes = 0
    }
    bytes += chunk.length
  }
  messages.push(Buffer.concat(chunks.slice(begin), bytes))
  return messages
}
