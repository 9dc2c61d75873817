import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { describeWith } from '../support/describe-with.ts'
import { makeDevice, registerCa, type Device, type RegisteredCa } from '../support/certificates.ts'
import { expectExplained } from '../support/explained.ts'
import { ownerClient, target } from '../support/target.ts'
import { connectPacket, openTls, type TlsIdentity } from '../support/tls-attempt.ts'
import { opensslTool } from '../support/tools.ts'

let directory: string
let ca: RegisteredCa
const client = ownerClient()
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
  ca = await registerCa(client, directory)
})
afterAll(async () => {
  client.close()
  await rm(directory, { recursive: true, force: true })
})

const accepted = [0x20, 2, 0, 0]

async function setStatus(action: 'InactivateDeviceCertificate' | 'ActiveDeviceCertificate', { sn, caSn }: Device) {
  const parameters = { MqttInstanceId: target.instanceId, DeviceSn: sn, CaSn: caSn }
  expect((await client.call(action, parameters)).status).toBe(200)
}

/** Connects, and tells the answer to CONNECT, whether TLS was resumed, and the session to resume next time. */
async function attempt(identity: TlsIdentity, clientId: string) {
  const { socket, answer } = await openTls(target, identity)
  onTestFinished(() => void socket.destroy())
  const sessions: Buffer[] = []
  socket.on('session', (session: Buffer) => sessions.push(session))
  const resumed = socket.isSessionReused()
  socket.write(connectPacket(clientId))
  const bytes = [...(await answer)]
  // TLS 1.2 has its session with the handshake, TLS 1.3 in a ticket that came before the first answer.
  const session = sessions.at(-1) ?? socket.getSession()
  socket.destroy()
  return { bytes, resumed, session }
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  describe.each([
    ['with the certificate', true],
    ['without any certificate', false],
  ])('resumed %s', (_, presents) => {
    test('C4: an inactive device is refused, and an active one admitted', async () => {
      const device = await makeDevice(ca)
      const first = await attempt({ ...device, version }, device.clientId)
      expect(first.bytes).toEqual(accepted)
      const again: TlsIdentity = {
        version,
        ...(first.session ? { session: first.session } : {}),
        ...(presents ? device : {}),
      }

      const active = await attempt(again, device.clientId)
      expect(active).toMatchObject({ resumed: true, bytes: accepted })

      await setStatus('InactivateDeviceCertificate', device)
      const inactive = await attempt(again, device.clientId)
      expect(inactive).toMatchObject({ resumed: true, bytes: [] })
      await expectExplained({ clientId: device.clientId }, 'device-inactive')

      await setStatus('ActiveDeviceCertificate', device)
      expect(await attempt(again, device.clientId)).toMatchObject({ bytes: accepted })
    })
  })

  test('C3: the status counts that holds at CONNECT, not at the handshake', async () => {
    const device = await makeDevice(ca)
    expect((await attempt({ ...device, version }, device.clientId)).bytes).toEqual(accepted)
    const { socket, answer } = await openTls(target, { ...device, version })
    onTestFinished(() => void socket.destroy())
    await setStatus('InactivateDeviceCertificate', device)
    socket.write(connectPacket(device.clientId))
    expect([...(await answer)]).toEqual([])
  })
})

describeWith(opensslTool, 'openssl s_client', () => {
  test('C4: a session it saved does not let an inactive device in', async () => {
    const device = await makeDevice(ca)
    const file = join(directory, 'session.pem')
    const first = await talk(device, ['-sess_out', file])
    expect(first).toContain('New, TLS')
    await setStatus('InactivateDeviceCertificate', device)
    const second = await talk(device, ['-sess_in', file])
    expect(second).toContain('Reused, TLS')
    await expectExplained({ clientId: device.clientId }, 'device-inactive')
  })
})

/** Lets openssl do the handshake and send a CONNECT and a DISCONNECT. */
function talk(device: Device, session: string[]): Promise<string> {
  const { host } = new URL(target.mqtts)
  const files = ['-cert', device.certFile, '-key', device.keyFile, '-CAfile', target.caFile]
  return new Promise((resolve) => {
    const args = ['s_client', '-connect', host, '-tls1_2', '-ign_eof', ...files, ...session]
    const child = execFile(opensslTool.path!, args, { encoding: 'latin1' }, (_, stdout) => resolve(stdout))
    child.stdin!.end(Buffer.concat([connectPacket(device.clientId), Buffer.from([0xe0, 0])]))
  })
}
