import { createHmac } from 'node:crypto'
import { deviceClient, managementClient, waitForConnect, waitForRefusal } from '@apsaramq/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { registerCa } from '../support/certificates.ts'
import { ownProgram, temporaryDirectory } from '../support/own-program.ts'
import { sdks } from '../support/sdk.ts'
import { describeOwnProgram, ownerClient, unique } from '../support/target.ts'

/** What the management port issues. */
interface Credentials {
  accessKeyId: string
  accessKeySecret: string
  securityToken: string
}

describeOwnProgram('secrets', () => {
  test('F1: no secret, password, signature or private key is in the log, whatever was done', async () => {
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

    const log = JSON.stringify(await management.request('GET', '/log'))
    const told = JSON.stringify(await management.explain({ clientId }))
    await accepted.endAsync(true)
    await program.stop()
    const written = `${log}${told}${program.stdout()}${program.stderr()}`
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
