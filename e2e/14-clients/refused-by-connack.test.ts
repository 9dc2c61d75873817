import { expect, onTestFailed, onTestFinished, test } from 'vitest'
import { describeWith } from '../support/describe-with.ts'
import { sharedProgram } from '../support/shared-program.ts'
import { describeOwnProgram } from '../support/target.ts'
import { makeFleet } from './fleet.ts'
import { kinds } from './kinds.ts'
import type { Row } from './row.ts'

const protocols = ['3.1', '3.1.1', '5'] as const
const usual = { tls: 'TLSv1.3', key: 'ec', handshake: 'fresh', transport: 'mqtts' } as const

describeOwnProgram('where refusals are answered', () => {
  const shared = sharedProgram(async () => ['--reject-at', 'connack'])
  const fleet = makeFleet(() => shared.endpoints)

  for (const kind of kinds) {
    describeWith(kind.tool, kind.name, () => {
      test.each(protocols)(`C10: ${kind.name}, MQTT %s, tells the code of the CONNACK`, async (protocol) => {
        const row: Row = { ...usual, protocol }
        const seat = fleet.seat(row)
        const client = kind.open(seat)
        onTestFinished(() => client.close())
        await client.connect()
        const lost = client.lost()
        onTestFailed(() => fleet.setStatus(seat.device, 'ActiveDeviceCertificate'))
        await fleet.setStatus(seat.device, 'InactivateDeviceCertificate')
        await lost
        expect(await client.refused()).toMatch(kind.tells.connack[protocol])
        await fleet.setStatus(seat.device, 'ActiveDeviceCertificate')
        await client.connect()
      })
    })
  }
})
