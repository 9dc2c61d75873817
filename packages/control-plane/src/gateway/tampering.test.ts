import { expect, test } from 'vitest'
import { parseParameters } from '../signature/form-parameters.ts'
import { send, signed } from '../testing/caller.ts'
import { seededNumbers } from '../testing/seeded-numbers.ts'
import { dialects, type WireRequest } from '../testing/signed-request.ts'
import { createWorld, instanceId, type World } from '../testing/world.ts'

type Part = 'query' | 'form' | `header ${string}`

function partsOf(request: WireRequest): Part[] {
  const parts: Part[] = Object.keys(request.headers)
    .filter((name) => name !== 'host' || request.headers.authorization !== undefined)
    .map((name) => `header ${name}` as const)
  if (request.url.includes('?')) parts.push('query')
  if (request.payload !== '') parts.push('form')
  return parts
}

function textOf(request: WireRequest, part: Part): string {
  if (part === 'query') return request.url.slice(2)
  return part === 'form' ? request.payload : request.headers[part.slice(7)]!
}

function withText(request: WireRequest, part: Part, text: string): WireRequest {
  if (part === 'query') return { ...request, url: `/?${text}` }
  if (part === 'form') return { ...request, payload: text }
  return { ...request, headers: { ...request.headers, [part.slice(7)]: text } }
}

/** Bytes that Node would not take for a URL or a header, or that end the query: no request reaches the gateway with them. */
const unsendable = /[^\x21-\x7e]|#/

function flip(text: string, at: number, bit: number): string {
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1)
}

/** %2f for %2F and the like: the same parameters, so the same call. A form's very bytes are hashed under V3. */
function saysTheSame(part: Part, before: string, after: string, isV3: boolean): boolean {
  if (part === 'query' || (part === 'form' && !isV3)) {
    return JSON.stringify(parseParameters(before)) === JSON.stringify(parseParameters(after))
  }
  // a form by another spelling of its content type is a form; what V3 covers is its text
  return !isV3 && before.toLowerCase() === after.toLowerCase()
}

const parameters = { MqttInstanceId: instanceId, CaName: 'a b+c/d=e&f%é*~', Extra: '' }

async function flipOnce(
  world: World,
  request: WireRequest,
  next: () => number,
  isV3: boolean,
): Promise<string | undefined> {
  const parts = partsOf(request)
  const part = parts[Math.floor(next() * parts.length)]!
  const before = textOf(request, part)
  const after = flip(before, Math.floor(next() * before.length), Math.floor(next() * 7))
  if (unsendable.test(after.replaceAll(' ', '')) || saysTheSame(part, before, after, isV3)) return undefined
  const { status, body } = await send(world, withText(request, part, after))
  return status >= 400 && body.Code !== undefined ? 'refused' : `${part}: ${before} → ${after}`
}

test.each(dialects)(
  'B5: any bit flipped of a call signed $signature, $method, $placement is refused',
  async (dialect) => {
    const world = await createWorld({ limitPerSecond: 1_000_000 })
    const next = seededNumbers(dialect.signature === 'V1' ? 42 : 43)
    const isV3 = dialect.signature === 'V3'
    let flips = 0
    for (let turn = 0; turn < 1200 && flips < 300; turn += 1) {
      const request = signed(world, 'GetRegisterCode', { parameters, dialect })
      const outcome = await flipOnce(world, request, next, isV3)
      if (outcome === undefined) continue
      expect(outcome).toBe('refused')
      flips += 1
    }
    expect(flips).toBe(300)
    expect((await send(world, signed(world, 'GetRegisterCode', { parameters, dialect }))).status).toBe(200)
  },
)
