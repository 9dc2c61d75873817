import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BodyIntake } from '../gateway/body-intake.ts'
import { maxHeldBytes } from '../gateway/body.ts'
import { maxFormBytes } from '../gateway/rpc.ts'
import { bodyHash } from '../signature/acs3.ts'
import { signed } from '../testing/caller.ts'
import { listeningApp, markerStatus } from '../testing/listening-app.ts'
import { exchange, rawConnection, type RawConnection } from '../testing/raw-connection.ts'
import { createWorld, instanceId, type World } from '../testing/world.ts'

let world: World
let app: FastifyInstance
let port: number

beforeEach(async () => {
  world = await createWorld()
  ;({ app, port } = await listeningApp(world))
})

afterEach(() => app.close())

function intakeOf(pieces: readonly Buffer[], maxKept: number) {
  const intake = new BodyIntake(maxKept)
  const kept = pieces.map((piece) => intake.add(piece))
  return { intake, kept }
}

test('a body is kept up to its bound, whole; of a larger one the hash', () => {
  const whole = Buffer.from('a body in pieces')
  const pieces = [...whole].map((byte) => Buffer.from([byte]))
  const small = intakeOf(pieces, 16)
  expect([small.intake.bytes.toString(), small.intake.size]).toEqual(['a body in pieces', 16])
  expect(small.intake.hashOfLarge()).toBeUndefined()
  const large = intakeOf(pieces, 10)
  expect(large.intake.bytes.toString()).toBe('a body in p')
  expect(large.kept).toEqual([...Array<number>(11).fill(1), ...Array<number>(5).fill(0)])
  expect([large.intake.hashOfLarge(), large.intake.size]).toEqual([bodyHash(whole), 16])
})

/** A call with a body that is no form, signed with its hash. */
function callWithBody(body: string): string {
  const dialect = { signature: 'V3', method: 'POST', placement: 'query' } as const
  const parameters = { MqttInstanceId: instanceId }
  const { url, headers } = signed(world, 'GetRegisterCode', { dialect, parameters, payload: body })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${url} HTTP/1.1\r\n${lines.join('')}Content-Length: ${body.length}\r\n\r\n${body}`
}

test('B5: the hash of a body larger than any form is verified to its last byte', async () => {
  const body = 'x'.repeat(maxFormBytes * 3)
  expect(await exchange(port, callWithBody(body))).toEqual([expect.objectContaining({ status: 200 })])
  const spoilt = `${callWithBody(body).slice(0, -1)}y`
  expect(await exchange(port, spoilt)).toEqual([expect.objectContaining({ code: 'SignatureDoesNotMatch' })])
  expect(world.log.at(-1)).toMatchObject({ cause: 'body-hash-mismatch' })
})

test('the largest form in its worst spelling is refused with an answer that is not larger than it', async () => {
  const { url } = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } })
  const spoilt = `A=${'\xff'.repeat(maxFormBytes - 2)}`
  const head = `POST ${url} HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n`
  const [answer] = await exchange(port, `${head}Content-Length: ${maxFormBytes}\r\n\r\n${spoilt}`)
  expect(answer).toMatchObject({ status: 400, code: 'SignatureDoesNotMatch' })
  expect(answer!.body.length).toBeLessThan(maxFormBytes)
})

const form = `POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${maxFormBytes}\r\n\r\n`

/** Clients that have sent all of their form but the last byte. */
async function holders(count: number): Promise<RawConnection[]> {
  const connections = await Promise.all(Array.from({ length: count }, () => rawConnection(port)))
  for (const connection of connections) connection.write(form + 'a'.repeat(maxFormBytes - 1))
  return connections
}

test('forms that slow clients hold are bounded together: one too many is refused, and there is room when they are gone', async () => {
  const many = maxHeldBytes / maxFormBytes
  const held = await holders(many)
  const refused = await holders(4)
  const answers = await Promise.race([...held, ...refused].map((connection) => connection.next()))
  expect(answers).toMatchObject({ status: 503, code: 'ServiceUnavailable' })
  expect(world.log).toContainEqual(expect.objectContaining({ cause: 'too-much-at-once', code: 'ServiceUnavailable' }))
  expect(world.assumed).toContain('A-69')
  expect(await markerStatus(world, port)).toBe(200)
  for (const connection of [...held, ...refused]) connection.socket.destroy()
})

test('what was held is given back when it is answered, refused or broken off', async () => {
  for (let round = 0; round < 3; round += 1) {
    const held = await holders(100)
    for (const connection of held.slice(0, 50)) connection.write('a')
    await Promise.all(held.slice(0, 50).map((connection) => connection.next()))
    for (const connection of held) connection.socket.resetAndDestroy()
    await markerStatus(world, port)
  }
  const codes = world.log.map(({ code, cause }) => code ?? cause)
  expect(codes).not.toContain('ServiceUnavailable')
})
