import { randomUUID } from 'node:crypto'
import { managementClient, signedRequest, type Endpoints, type SignedRequest } from '@apsaramq/testkit'
import { expect, test } from 'vitest'
import { ownProgram, temporaryDirectory } from '../support/own-program.ts'
import { describeOwnProgram, ownerClient } from '../support/target.ts'

/** A call signed a minute ago. */
function oldCall(endpoints: Endpoints): SignedRequest {
  const parameters = { MqttInstanceId: endpoints.instanceId, PageNo: '1', PageSize: '10' }
  const how = { signature: 'V3', method: 'POST', placement: 'query', action: 'ListCaCertificate' } as const
  const host = new URL(endpoints.api).host
  return signedRequest({ ...endpoints, ...how, parameters, host, at: Date.now() - 60_000, nonce: randomUUID() })
}

async function codeOf(endpoints: Endpoints, request: SignedRequest): Promise<unknown> {
  const client = ownerClient(endpoints)
  const { body } = await client.send(request)
  client.close()
  return body.Code ?? 'done'
}

async function touched(endpoints: Endpoints): Promise<number | undefined> {
  const answer = await managementClient(endpoints.management).request('GET', '/assumptions')
  const { assumptions } = answer as { assumptions: { id: string; touched: number }[] } // the port's contract
  return assumptions.find(({ id }) => id === 'A-67')?.touched
}

describeOwnProgram('programs of its own', () => {
  test('B5: a call is done once until a reset or a restart, and what rests on that is counted', async () => {
    const dataDir = await temporaryDirectory()
    const first = await ownProgram([], { dataDir })
    const endpoints = first.endpoints()
    const request = oldCall(endpoints)
    expect([await codeOf(endpoints, request), await codeOf(endpoints, request)]).toEqual(['done', 'SignatureNonceUsed'])

    await managementClient(endpoints.management).request('POST', '/reset')
    expect([await codeOf(endpoints, request), await touched(endpoints)]).toEqual(['done', 2]) // the first was older than the program, too
    expect(await codeOf(endpoints, request)).toBe('SignatureNonceUsed')

    await first.stop()
    const again = await ownProgram([], { dataDir })
    expect(await codeOf(again.endpoints(), request)).toBe('done')
    expect([await codeOf(again.endpoints(), request), await touched(again.endpoints())]).toEqual([
      'SignatureNonceUsed',
      1,
    ])
  })
})
