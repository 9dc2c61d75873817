import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'
import { ApiError } from '../api-error.ts'
import type { Call } from './call.ts'
import { hasBody } from './linger.ts'

/** Largest body that is read (RPC request structure: POST up to 10 MB). */
export const maxBodyBytes = 10 * 1024 * 1024

const tooLarge = () =>
  new ApiError('RequestTooLarge', {
    detail: `the body is larger than ${maxBodyBytes} bytes`,
    cause: 'request-too-large',
  })

/** Reads the body as bytes. @throws {ApiError} RequestTooLarge, MalformedRequest */
async function readBody(raw: IncomingMessage): Promise<Buffer> {
  if (Number(raw.headers['content-length']) > maxBodyBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  return new Promise((resolve, reject) => {
    raw.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBodyBytes) reject(tooLarge())
      else chunks.push(chunk)
    })
    raw.once('end', () => resolve(Buffer.concat(chunks)))
    raw.once('error', (error) => reject(new ApiError('MalformedRequest', { detail: error.message })))
  })
}

async function readInto(call: Call, raw: IncomingMessage): Promise<undefined> {
  call.body = await readBody(raw)
}

/**
 * Reads the body of any method and any content type as it is: signature V3 covers its bytes, and what a client calls
 * it decides only whether it is a form. Fastify's own reading refuses content types it cannot read, which clients of
 * this API send.
 */
export const body = fp(
  async (app) => {
    for (const method of ['GET', 'POST']) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
    app.addHook('preParsing', (request, _reply, _payload, done) => {
      if (hasBody(request.raw)) return readInto(request.call, request.raw)
      done()
      return undefined
    })
  },
  { name: 'body', dependencies: ['replies'] },
)
