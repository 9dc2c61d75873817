import { expect, onTestFailed, onTestFinished, test } from 'vitest'
import { describeWith } from '../support/describe-with.ts'
import { expectExplained } from '../support/explained.ts'
import { target } from '../support/target.ts'
import { fullProduct, pairsOf, pairwise } from './combinations.ts'
import { makeFleet } from './fleet.ts'
import { kinds } from './kinds.ts'
import { everything, rowTitle, type Client, type ClientKind, type Row, type Seat } from './row.ts'

const fleet = makeFleet(() => target)

for (const kind of kinds) {
  describeWith(kind.tool, kind.name, () => {
    for (const row of kind.rows) {
      test.skipIf(row.transport === 'wss' && !target.wss)(`C1 C4 C5: ${kind.name}, ${rowTitle(row)}`, () =>
        walk(kind, fleet.seat(row)),
      )
    }
  })
}

/** Comes, speaks, is ended and refused by an inactivation, and comes again. */
async function walk(kind: ClientKind, seat: Seat): Promise<void> {
  const client = kind.open(seat)
  onTestFinished(() => client.close())
  await client.connect()
  await expectOnline(seat)
  await roundTrip(client)
  await loseAndRefuse(kind, client, seat)
  await fleet.setStatus(seat.device, 'ActiveDeviceCertificate')
  await client.connect()
  await expectOnline(seat)
}

async function expectOnline({ device, protocol, transport, tls, handshake, key }: Seat): Promise<void> {
  expect(await fleet.isOnline(device)).toBe(true)
  const sessions = await fleet.sessionsOf(device)
  if (!sessions) return
  const resumed = handshake === 'resumed'
  const deviceSn = expect.stringMatching(new RegExp(`^0*${device.sn}$`)) // the API keeps the zeros of the encoding
  const expected = { protocol: `mqtt${protocol}`, transport, tlsVersion: tls, resumed, deviceSn }
  expect({ key, sessions }).toMatchObject({ key, sessions: [expected] })
}

async function roundTrip(client: Client): Promise<void> {
  for (const qos of [0, 1, 2] as const) {
    const come = client.received(`qos${qos}`, qos)
    await client.publish(`qos${qos}`, qos)
    await come
  }
}

async function loseAndRefuse(kind: ClientKind, client: Client, { device, protocol }: Seat): Promise<void> {
  const lost = client.lost()
  onTestFailed(() => fleet.setStatus(device, 'ActiveDeviceCertificate')) // the next row has the same certificate
  await fleet.setStatus(device, 'InactivateDeviceCertificate')
  expect(await fleet.isOnline(device)).toBe(false)
  expect((await fleet.sessionsOf(device)) ?? []).toEqual([])
  expect(await lost).toMatch(kind.tells.lost[protocol])
  expect(await client.refused()).toMatch(kind.tells.cut[protocol])
  await expectExplained({ clientId: device.clientId }, 'device-inactive')
}

const shown = (rows: readonly Row[]) => new Set(rows.flatMap(pairsOf))

test('C1: where not every combination has a row, every pair of values has one', () => {
  const rows = pairwise(everything)
  expect(shown(rows)).toEqual(shown(fullProduct(everything)))
  expect(rows.length).toBeLessThan(12)
})
