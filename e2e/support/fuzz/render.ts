import { randomUUID } from 'node:crypto'
import { signedRequest, type Endpoints, type SignedRequest } from '@apsaramq/testkit'
import type { Mutation, Recipe } from './recipe.ts'

/** What HTTP cannot carry in a header is not a value of one. */
const inHeader = (text: string) => text.replace(/[^\x20-\x7e]/g, '').trim() || 'x'

function signedFor({ signature, method, placement, action, parameters }: Recipe, endpoints: Endpoints): SignedRequest {
  return signedRequest({
    signature,
    method: placement === 'form' ? 'POST' : method,
    placement,
    action: signature === 'V3' ? inHeader(action) : action,
    parameters,
    host: new URL(endpoints.api).host,
    accessKeyId: endpoints.accessKeyId,
    accessKeySecret: endpoints.accessKeySecret,
    at: Date.now(),
    nonce: randomUUID(),
  })
}

function textOf({ method, path, headers, body }: SignedRequest): string {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${fields.join('')}\r\n${body}`
}

function mutated(text: string, change: Mutation): string {
  const headEnd = Math.max(0, text.indexOf('\r\n\r\n'))
  switch (change.kind) {
    case 'put': {
      const at = Math.floor(change.at * text.length)
      return text.slice(0, at) + change.text + text.slice(at + change.instead)
    }
    case 'line':
      return `${text.slice(0, headEnd)}\r\n${change.text}${text.slice(headEnd)}`
    case 'first word':
      return text.replace(/^\S+/, () => change.text)
    case 'version':
      return text.replace(/HTTP\/1\.1/, () => change.text)
    case 'cut':
      return text.slice(0, Math.floor(change.at * text.length))
    case 'repeat':
      return text.length < 100_000 ? text.repeat(change.times) : text
    case 'line feeds':
      return text.replaceAll('\r\n', '\n')
    case 'behind':
      return text + change.text
  }
}

/** The bytes of a recipe, signed now with a nonce of its own. */
export function render(recipe: Recipe, endpoints: Endpoints): Buffer {
  const right = textOf(signedFor(recipe, endpoints))
  return Buffer.from(recipe.mutations.reduce(mutated, right), 'latin1')
}
