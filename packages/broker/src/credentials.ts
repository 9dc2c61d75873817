import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AccessKey, Instance } from '@apsaramq/model'
import type { Reader } from '@apsaramq/store'
import type { Refusal } from './verdict.ts'

/** What a CONNECT says of its sender beside the certificate. */
export interface Credentials {
  username: string | undefined
  password: Uint8Array | undefined
  clientId: string
}

/** Modes of the vendor's username that are not served. */
const unservedModes: Readonly<Record<string, string>> = {
  Token: 'token authentication is not served',
  DeviceCredential: 'one-secret-per-device authentication is not served',
}

/**
 * Checks `Signature|AccessKeyId|InstanceId` and its password, base64 of HMAC-SHA1(secret, client id).
 * Nothing is asked for where neither username nor password is given. LIMITS A-04
 */
export async function checkCredentials(
  reads: Pick<Reader, 'accessKeys'>,
  { username, password, clientId }: Credentials,
  instance: Instance,
): Promise<Refusal | undefined> {
  if (username === undefined) {
    return password === undefined ? undefined : no('a password came without a username') // [MQTT-3.1.2-22]
  }
  const [mode = '', accessKeyId = '', instanceId = '', ...rest] = username.split('|')
  if (Object.hasOwn(unservedModes, mode)) return no(unservedModes[mode]!)
  if (mode !== 'Signature' || !accessKeyId || !instanceId || rest.length > 0) {
    return no('the username is not Signature|AccessKeyId|InstanceId')
  }
  const accessKey = await reads.accessKeys.get(accessKeyId)
  return keyRefusal(accessKey, accessKeyId, instance) ?? passwordRefusal(accessKey!, password, clientId)
}

/** Checks the same where nothing but them says who the client is. LIMITS A-63 */
export async function checkRequiredCredentials(
  reads: Pick<Reader, 'accessKeys'>,
  credentials: Credentials,
  instance: Instance,
): Promise<Refusal | undefined> {
  if (credentials.username !== undefined) return checkCredentials(reads, credentials, instance)
  return no(`instance ${instance.id} has one-way TLS: it asks for username and password`)
}

function keyRefusal(accessKey: AccessKey | undefined, id: string, instance: Instance): Refusal | undefined {
  if (!accessKey) return no(`no access key ${id}`)
  if (accessKey.status !== 'active') return no(`access key ${id} is disabled`)
  if (accessKey.accountId === instance.accountId) return undefined
  return no(`access key ${id} is not of account ${instance.accountId}, which owns instance ${instance.id}`)
}

function passwordRefusal(
  { id, secret }: AccessKey,
  password: Uint8Array | undefined,
  clientId: string,
): Refusal | undefined {
  if (password === undefined) return no('a username came without a password')
  const expected = Buffer.from(createHmac('sha1', secret).update(clientId).digest('base64'))
  if (expected.length === password.length && timingSafeEqual(expected, password)) return undefined
  return no(`the password is not base64(HMAC-SHA1(secret of access key ${id}, "${clientId}"))`)
}

function no(message: string): Refusal {
  return { cause: 'bad-credentials', message }
}
