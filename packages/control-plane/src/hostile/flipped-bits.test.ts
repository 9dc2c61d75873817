import { afterEach, expect, test } from 'vitest'
import { exchange, rawConnection, type RawAnswer, type RawConnection } from '../testing/raw-connection.ts'
import type { World } from '../testing/world.ts'
import { captured, capturedDevice, takeBack, worldOf, type CapturedRequest } from './captured-requests.ts'
import { insignificant, mayReframe, placesOf, type Flip } from './insignificant-bits.ts'

const atOnce = 16

interface Spoilt extends Flip {
  bytes: string
  title: string
  mayReframe: boolean
  /** Why it may be the same call. */
  because: string | undefined
}

function spoiltAt(request: CapturedRequest, index: number, bit: number, place: Flip['place']): Spoilt {
  const { signature, bytes } = request
  const from = bytes[index]!
  const to = String.fromCharCode(from.charCodeAt(0) ^ (1 << bit))
  const flip = { signature, hasBody: !bytes.endsWith('\r\n\r\n') || /chunked/.test(bytes), place, from, to }
  return {
    ...flip,
    bytes: bytes.slice(0, index) + to + bytes.slice(index + 1),
    title: `${place.part} ${place.header} …${place.before.slice(-20)}[${JSON.stringify(from)} → ${JSON.stringify(to)}]`,
    mayReframe: mayReframe(place, /\r\ntransfer-encoding:/i.test(bytes)),
    because: insignificant.find(({ covers }) => covers(flip))?.says,
  }
}

function flipsOf(request: CapturedRequest): Spoilt[] {
  return placesOf(request.bytes).flatMap((place, index) =>
    Array.from({ length: 8 }, (_, bit) => spoiltAt(request, index, bit, place)),
  )
}

/** What was answered, in a word: the codes of refusals, or `done`. */
function outcomeOf(answers: readonly RawAnswer[]): string {
  const words = answers.map(({ status, code }) => (status >= 400 && status < 500 && code ? code : `status ${status}`))
  if (words.length === 0) return 'nothing'
  return words.every((word) => word === 'status 200') ? 'done' : words.join()
}

const isRefusal = (outcome: string) => /^[A-Z][A-Za-z.]+(,[A-Z][A-Za-z.]+)*$/.test(outcome)

/** Sends requests one after the other, on one connection for as long as the server keeps it. */
class Lane {
  #connection: RawConnection | undefined
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  async send(spoilt: Pick<Spoilt, 'bytes' | 'mayReframe'>): Promise<string> {
    if (spoilt.mayReframe) return outcomeOf(await exchange(this.#port, spoilt.bytes))
    this.#connection ??= await rawConnection(this.#port)
    this.#connection.write(spoilt.bytes)
    const answer = await this.#connection.next()
    if (answer.headers.connection === 'close') this.end()
    return outcomeOf([answer])
  }

  end(): void {
    this.#connection?.socket.destroy()
    this.#connection = undefined
  }
}

async function sendAll(port: number, all: readonly Spoilt[], see: (spoilt: Spoilt, outcome: string) => void) {
  const rest = [...all]
  const worker = async (): Promise<void> => {
    const lane = new Lane(port)
    for (let one = rest.pop(); one; one = rest.pop()) see(one, await lane.send(one))
    lane.end()
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

let world: World

async function listening(request: CapturedRequest): Promise<number> {
  world = await worldOf(request)
  await world.app.listen({ port: 0, host: '127.0.0.1' })
  return (world.app.server.address() as { port: number }).port
}

afterEach(() => world.app.close())

const deadlineMs = 120_000

test.each(captured.requests)(
  'B5: $sdk: each flipped bit is refused, but for those that make no other call',
  async (request) => {
    const port = await listening(request)
    const before = await capturedDevice(world)
    const admitted: string[] = []
    const significant = flipsOf(request).filter(({ because }) => because === undefined)
    await sendAll(port, significant, ({ title }, outcome) => {
      if (!isRefusal(outcome)) admitted.push(`${title}: ${outcome}`)
    })
    expect(admitted).toEqual([])
    expect(await capturedDevice(world)).toEqual(before)
    expect(outcomeOf(await exchange(port, request.bytes))).toBe('done')
    expect(await capturedDevice(world)).toMatchObject({ status: 'inactive' })
  },
  deadlineMs,
)

/** The reasons of the list that have been seen to let a flipped request through. */
const seen = new Set<string>()

test.each(captured.requests)(
  'B5: $sdk: a bit of the list makes the same call or none, and none where that was made before',
  async (request) => {
    const port = await listening(request)
    const listed = flipsOf(request).filter(({ because }) => because !== undefined)
    const same: Spoilt[] = []
    const others: string[] = []
    const lane = new Lane(port)
    for (const spoilt of listed) {
      const outcome = await lane.send(spoilt)
      const status = (await capturedDevice(world))?.status
      if (outcome === 'done' && status === 'inactive') same.push(spoilt)
      else if (!isRefusal(outcome) || status !== 'active') others.push(`${spoilt.title}: ${outcome}, ${status}`)
      if (outcome === 'done') await takeBack(world)
    }
    lane.end()
    expect(others).toEqual([])
    for (const { because } of same) seen.add(because!)

    await exchange(port, request.bytes)
    const again: string[] = []
    await sendAll(port, same, ({ title }, outcome) => {
      if (outcome !== 'SignatureNonceUsed') again.push(`${title}: ${outcome}`)
    })
    expect(again).toEqual([])
  },
  deadlineMs,
)

test('B5: every reason of the list is one', () => {
  expect([...seen].sort()).toEqual(insignificant.map(({ says }) => says).sort())
})
