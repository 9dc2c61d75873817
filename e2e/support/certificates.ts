import type { Endpoints, IssuedDevice, SignedClient } from '@apsaramq/testkit'
import { issueCa, issueUnder, type Issued, type Wish } from './openssl.ts'
import { group, target, unique } from './target.ts'

/** A CA that is registered on the instance. */
export interface RegisteredCa extends Issued {
  /** As the API spells it. */
  caSn: string
}

const left: { instanceId: string; caSn: string }[] = []

/** Has a CA deleted at the end of the file, where it is on the target. */
export function deleteLater(instanceId: string, caSn: string): void {
  if (instanceId === target.instanceId) left.push({ instanceId, caSn })
}

/** Deletes the CAs registered on the target, so that the suite leaves it as it was; forgets those already gone. */
export async function deleteRegisteredCas(client: Pick<SignedClient, 'call'>): Promise<void> {
  for (const { instanceId, caSn } of left.splice(0)) {
    await client.call('DeleteCaCertificate', { MqttInstanceId: instanceId, Sn: caSn })
  }
}

/** A device with a certificate made by openssl. */
export interface Device extends Pick<IssuedDevice, 'clientId' | 'key' | 'cert' | 'chain'> {
  sn: string
  caSn: string
  keyFile: string
  certFile: string
}

/** Makes a CA with openssl and registers it: code, verification certificate, registration. */
export async function registerCa(
  client: Pick<SignedClient, 'call'>,
  directory: string,
  { instanceId }: Pick<Endpoints, 'instanceId'> = target,
  wish: Partial<Wish> = {},
): Promise<RegisteredCa> {
  const ca = await issueCa(directory, { commonName: unique('e2e-ca-'), ...wish })
  const { body: code } = await succeed(client.call('GetRegisterCode', { MqttInstanceId: instanceId }))
  const verification = await issueUnder(ca, { commonName: String(code.RegisterCode) })
  const { body } = await succeed(
    client.call('RegisterCaCertificate', {
      MqttInstanceId: instanceId,
      CaName: unique('ca'),
      CaContent: ca.cert,
      VerificationContent: verification.cert,
    }),
  )
  const caSn = String(body.Sn)
  deleteLater(instanceId, caSn)
  return { ...ca, caSn }
}

/** Makes a device certificate under `ca`; the client id is one of the group unless given. */
export async function makeDevice(
  ca: RegisteredCa,
  { clientId = `${group}@@@${unique('d')}`, ...wish }: Partial<Wish> & { clientId?: string } = {},
): Promise<Device> {
  const issued = await issueUnder(ca, { commonName: clientId.slice(-40), ...wish })
  const { key, cert, sn, keyFile, certFile } = issued
  return { clientId, key, cert, chain: `${cert}${ca.cert}`, sn, caSn: ca.caSn, keyFile, certFile }
}

async function succeed<A extends { status: number; body: unknown }>(answer: Promise<A>): Promise<A> {
  const { status, body } = await answer
  if (status !== 200) throw new Error(`the API answered ${status}: ${JSON.stringify(body)}`)
  return answer
}
