import { request } from 'node:https'
import { issueCa, issueServer } from '@apsaramq/pki'
import { expect, test } from 'vitest'
import { signed } from './testing/caller.ts'
import { createWorld, instanceId } from './testing/world.ts'

test('B2: the same API is served over HTTPS with a certificate that verifies', async () => {
  const world = await createWorld()
  const deps = { clock: { ...world.clock, now: () => Date.now() }, random: world.random }
  const ca = await issueCa({ commonName: 'API CA', keyType: 'ec' }, deps)
  const { key, certificate } = await issueServer({ ca, names: ['localhost'], keyType: 'ec' }, deps)
  const app = world.plane.createApp({ https: { key, cert: certificate } })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const { method, url, headers } = signed(world, 'GetRegisterCode', { parameters: { MqttInstanceId: instanceId } })
  const options = { host: '127.0.0.1', servername: 'localhost', port, method, path: url, headers, ca: ca.certificate }
  const status = await new Promise((resolve, reject) => {
    const sent = request({ ...options, agent: false }, (response) => resolve(response.resume().statusCode))
    sent.once('error', reject)
    sent.end()
  })
  await app.close()
  expect(status).toBe(200)
})
