import { expect, test } from 'vitest'
import { call } from './testing/caller.ts'
import { registerCa, registerDevice } from './testing/certificates.ts'
import { dialects } from './testing/signed-request.ts'
import { createWorld, instanceId, keys, ownerId } from './testing/world.ts'

test.each(dialects)('B3: a call signed $signature comes through by $method with a $placement', async (dialect) => {
  const world = await createWorld()
  const ca = await registerCa(world, 'a CA')
  const { sn } = await registerDevice(world, ca, 'pump-1')
  const parameters = { MqttInstanceId: instanceId, DeviceSn: sn, CaSn: ca.record.sn }
  const answer = await call(world, 'InactivateDeviceCertificate', parameters, { dialect, nonce: 'once' })
  expect(answer).toEqual({
    status: 200,
    headers: {
      'content-type': 'application/json;charset=utf-8',
      'content-length': String(JSON.stringify(answer.body).length),
      'x-acs-request-id': answer.body.RequestId,
      'x-ratelimit-user': 'Limit:500,Remain:499,TimeLeft:0,Reset:1000',
      'x-ratelimit-user-api': 'Limit:500,Remain:499,TimeLeft:0,Reset:1000',
      connection: 'keep-alive',
      date: expect.any(String),
    },
    body: { RequestId: expect.stringMatching(/^[0-9A-F]{8}-([0-9A-F]{4}-){3}[0-9A-F]{12}$/), DeviceSn: sn },
  })
  expect(world.log).toEqual([
    {
      plane: 'api',
      kind: 'call',
      message: 'InactivateDeviceCertificate was done',
      requestId: answer.body.RequestId,
      status: 200,
      accessKeyId: keys.owner.id,
      accountId: ownerId,
      action: 'InactivateDeviceCertificate',
      instanceId,
      deviceSn: sn,
      caSn: ca.record.sn,
      remoteAddress: '127.0.0.1',
      durationMs: 0,
      throttle: { rule: 'calls', admitted: true, limit: 500, used: 1, retryAfterMs: 0 },
    },
  ])
})
