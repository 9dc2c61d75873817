import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { ApiError } from '../api-error.ts'
import { BodyIntake } from './body-intake.ts'
import type { Call } from './call.ts'
import { hasBody } from './linger.ts'
import { maxFormBytes } from './rpc.ts'

/** Largest body that is read (RPC request structure: POST up to 10 MB). */
export const maxBodyBytes = 10 * 1024 * 1024

/** How much of bodies all calls together may hold, so that many slow ones do not use up the memory. LIMITS A-69 */
export const maxHeldBytes = 64 * 1024 * 1024

const tooLarge = () =>
  new ApiError('RequestTooLarge', {
    detail: `the body is larger than ${maxBodyBytes} bytes`,
    cause: 'request-too-large',
  })

const tooMuchHeld = () =>
  new ApiError('ServiceUnavailable', {
    detail: `unanswered calls hold ${maxHeldBytes} bytes of bodies already`,
    cause: 'too-much-at-once',
    restsOn: ['A-69'],
  })

const brokenOff = ({ message }: Error) =>
  new ApiError('MalformedRequest', { detail: `the body broke off: ${message}`, cause: 'request-broken-off' })

/** Who waits for the rest of a body, by its connection. */
const waiting = new WeakMap<Socket, (reason: ApiError) => void>()

/** Makes the call whose body is arriving on a connection fail. @returns whether there is one; it will answer then */
export function failBody(socket: Socket, reason: ApiError): boolean {
  const fail = waiting.get(socket)
  fail?.(reason)
  return fail !== undefined
}

/** Bytes of bodies that the calls of one app hold. */
class HeldBytes {
  #held = 0

  /** @returns whether there was room */
  take(bytes: number): boolean {
    this.#held += bytes
    return this.#held <= maxHeldBytes
  }

  give(bytes: number): void {
    this.#held -= bytes
  }
}

/** Reads the body. @throws {ApiError} RequestTooLarge, MalformedRequest, ServiceUnavailable */
async function read(raw: IncomingMessage, take: (bytes: number) => boolean): Promise<BodyIntake> {
  if (Number(raw.headers['content-length']) > maxBodyBytes) throw tooLarge()
  const intake = new BodyIntake(maxFormBytes)
  const { socket } = raw
  let onData: ((piece: Buffer) => void) | undefined
  let fail: ((reason: ApiError) => void) | undefined
  const whole = new Promise<BodyIntake>((resolve, reject) => {
    fail = reject
    waiting.set(socket, reject)
    onData = (piece) => {
      if (intake.size + piece.length > maxBodyBytes) reject(tooLarge())
      else if (!take(intake.add(piece))) reject(tooMuchHeld())
    }
    raw
      .on('data', onData)
      .once('end', () => resolve(intake))
      .once('error', (error) => reject(brokenOff(error)))
  })
  return whole.finally(() => {
    if (waiting.get(socket) === fail) waiting.delete(socket) // the next call of the connection may wait already
    if (onData) raw.off('data', onData) // what still comes is dropped by whoever answers
  })
}

async function readInto(call: Call, raw: IncomingMessage, take: (bytes: number) => boolean): Promise<undefined> {
  const intake = await read(raw, take)
  call.body = intake.bytes
  call.bodyHash = intake.hashOfLarge()
}

/**
 * Reads the body of any method and any content type as it is: signature V3 covers its bytes, and what a client calls
 * it decides only whether it is a form. Fastify's own reading refuses content types it cannot read, which clients of
 * this API send.
 */
export const body = fp(
  async (app) => {
    const heldBytes = new HeldBytes()
    for (const method of ['GET', 'POST']) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
    app.addHook('preParsing', (request, reply, _payload, done) => {
      if (!hasBody(request.raw)) {
        done()
        return undefined
      }
      let taken = 0
      reply.raw.once('close', () => heldBytes.give(taken))
      return readInto(request.call, request.raw, (bytes) => {
        taken += bytes
        return heldBytes.take(bytes)
      })
    })
  },
  { name: 'body', dependencies: ['replies'] },
)
