import { createHmac } from 'node:crypto'
import { deviceClient, managementClient, waitForConnect, waitForRefusal } from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { registerCa } from '../support/certificates.ts'
import { ownProgram, temporaryDirectory } from '../support/own-program.ts'
import { rawHttp } from '../support/raw-http.ts'
import { sdks } from '../support/sdk.ts'
import { describeOwnProgram, ownerClient, unique } from '../support/target.ts'

/** What the management port issues. */
interface Credentials {
  accessKeyId: string
  accessKeySecret: string
  securityToken: string
}

describeOwnProgram('secrets', () => {
  test('F1: no secret, password, signature or private key is in the log, whatever was done, in no place where it can be read', async () => {
    const program = await ownProgram(['--log-level', 'debug'])
    const endpoints = program.endpoints()
    const client = ownerClient(endpoints)
    onTestFinished(() => client.close())
    const wrongSecret = 'a-secret-that-is-wrong'
    const wrong = ownerClient(endpoints, { accessKeySecret: wrongSecret })
    onTestFinished(() => wrong.close())
    const parameters = { MqttInstanceId: endpoints.instanceId }

    const prepared = [client.prepare('GetRegisterCode', parameters), wrong.prepare('GetRegisterCode', parameters)]
    for (const request of prepared) await client.send(request)
    for (const sdk of sdks) await sdk.call({ ...endpoints, endpoints }, 'GetRegisterCode', parameters)
    const ca = await registerCa(client, await temporaryDirectory(), endpoints)

    const management = managementClient(endpoints.management)
    const clientId = `GID_demo@@@${unique('s')}`
    const [device] = await management.issueDevices({ clientId, keyType: 'ec' })
    const username = `Signature|${endpoints.accessKeyId}|${endpoints.instanceId}`
    const passwordOf = (secret: string) => createHmac('sha1', secret).update(clientId).digest('base64')
    const [good, bad] = [passwordOf(endpoints.accessKeySecret), passwordOf(wrongSecret)]
    const accepted = deviceClient({ endpoints, device: { ...device!, username, password: good } })
    onTestFinished(() => accepted.endAsync(true))
    await waitForConnect(accepted)
    await accepted.publishAsync('demo/secret', 'the payload of a message', { qos: 1 })
    const refused = deviceClient({ endpoints, device: { ...device!, username, password: bad }, reconnectPeriod: 0 })
    await waitForRefusal(refused)

    const temporary = (await management.request('POST', '/security-tokens', {})) as Credentials // the port's contract
    const { accessKeyId, accessKeySecret, securityToken } = temporary
    for (const sdk of sdks) {
      await sdk.call({ accessKeyId, accessKeySecret, securityToken, endpoints }, 'GetRegisterCode', parameters)
      const spoilt = { accessKeyId, accessKeySecret: wrongSecret, securityToken, endpoints }
      await expect(sdk.call(spoilt, 'GetRegisterCode', parameters)).rejects.toThrow()
    }

    const streaming = new AbortController()
    onTestFinished(() => streaming.abort())
    const stream = await fetch(`${endpoints.management}/log/stream?after=0`, { signal: streaming.signal })
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()

    const [, signature] = prepared[0]!.headers.authorization!.split('Signature=')
    const broken = [
      `GET /?Action=GetRegisterCode&Signature=${signature} HTTP/1.1\r\nHost: x\r\nAuthorization: ${wrongSecret}\r\nbroken header\r\n\r\n`,
      `BREW /?Signature=${signature}&SecurityToken=${encodeURIComponent(securityToken)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      `GET /nowhere?AccessKeySecret=${endpoints.accessKeySecret} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      `GET /%zz?Signature=${signature} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    ]
    for (const bytes of broken) await rawHttp(endpoints.api, bytes)
    const keyInPlaceOfCertificate = { ...parameters, CaName: 'x', CaContent: ca.key, VerificationContent: device!.key }
    expect((await client.call('RegisterCaCertificate', keyInPlaceOfCertificate)).status).not.toBe(200)
    const marker = await client.call('GetRegisterCode', parameters)
    let streamed = ''
    while (!streamed.includes(marker.requestId)) streamed += (await reader.read()).value ?? ''

    const texts = [
      '/log?format=ndjson&limit=100000',
      '/metrics',
      `/certificates/${device!.deviceSn}`,
      '/conformance',
      '/limits',
      '/politeness',
    ]
    const read = await Promise.all(texts.map(async (path) => (await fetch(`${endpoints.management}${path}`)).text()))
    const log = JSON.stringify(await management.request('GET', '/log'))
    const told = JSON.stringify(await management.explain({ clientId }))
    await accepted.endAsync(true)
    await program.stop()
    const written = [log, told, streamed, ...read, program.stdout(), program.stderr()].join('\n')
    const authorizations = prepared.map(({ headers }) => headers.authorization!.split('Signature=')[1]!)
    const secrets = {
      'secret of the owner': endpoints.accessKeySecret,
      'secret of a user': endpoints.users[0]!.accessKeySecret,
      'wrong secret': wrongSecret,
      'secret of a temporary key': accessKeySecret,
      'security token': securityToken,
      'security token, encoded': encodeURIComponent(securityToken),
      password: good,
      'wrong password': bad,
      signature: authorizations[0]!,
      'wrong signature': authorizations[1]!,
      'private key of a device': keyText(device!.key),
      'private key of a CA': keyText(ca.key),
      payload: 'the payload of a message',
    }
    const found = Object.entries(secrets).filter(([, secret]) => written.includes(secret))
    expect(found).toEqual([])
    expect(written).toContain(clientId)
  })
})

/** The middle of the key: enough to be sure, whatever the line breaks. */
function keyText(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '').slice(20, 60)
}
