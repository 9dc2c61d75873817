import { issueVerification, type IssuingDeps, type KeyAndCertificate } from '@apsaramq/pki'
import { signedClient } from '@apsaramq/testkit/http'
import { IssuingError } from './device-request.ts'

/** Whose account registers a CA, and where. */
export interface Registrar {
  /** Origin of the API, for example http://127.0.0.1:8480. */
  endpoint: string
  accessKeyId: string
  accessKeySecret: string
  instanceId: string
}

/**
 * Registers a CA as a user would: a register code, a verification certificate, three signed calls that appear in the
 * log like any other.
 *
 * @returns the serial number as the API answers it
 * @throws {IssuingError} with the API's own code and message when a call is refused
 */
export async function registerCa(
  ca: KeyAndCertificate,
  caName: string,
  registrar: Registrar,
  deps: IssuingDeps,
): Promise<string> {
  const { instanceId, ...credentials } = registrar
  const client = signedClient({ ...credentials, signature: 'V3', method: 'POST', placement: 'query' })
  const call = async (action: string, params: Record<string, string> = {}) => {
    const { status, body } = await client.call(action, { MqttInstanceId: instanceId, ...params })
    if (status !== 200) throw new IssuingError(`${action} was answered ${status} ${body['Code']}: ${body['Message']}`)
    return body
  }
  try {
    const registerCode = String((await call('GetRegisterCode'))['RegisterCode'])
    const verification = await issueVerification({ ca, registerCode }, deps)
    const registered = await call('RegisterCaCertificate', {
      CaName: caName,
      CaContent: ca.certificate,
      VerificationContent: verification.certificate,
    })
    return String(registered['Sn'])
  } finally {
    client.close()
  }
}
