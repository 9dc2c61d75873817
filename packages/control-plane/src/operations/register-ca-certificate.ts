import { randomUuid, serialNumberKey, type CaCertificate, type Instance, type RegisterCode } from '@apsaramq/model'
import { checkRegistration, RegistrationError } from '@apsaramq/pki'
import { StoreUnavailableError, type Transaction } from '@apsaramq/store'
import { Type } from '@sinclair/typebox'
import { ApiError } from '../api-error.ts'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { defineOperation, type OperationContext } from './define-operation.ts'
import { CaName, MqttInstanceId, PemText } from './fields.ts'

/**
 * Registers a CA certificate whose owner has proved to hold its key: the verification certificate is signed by it and
 * has an unused register code of the instance as its common name. LIMITS A-14
 */
export const registerCaCertificate = defineOperation({
  ...certificateOperation,
  action: 'RegisterCaCertificate',
  methods: ['GET', 'POST'],
  params: Type.Object({ MqttInstanceId, CaName, CaContent: PemText, VerificationContent: PemText }),
  result: Type.Object({ Sn: Type.String() }),
  errors: [
    ...certificateErrors,
    'InstancePermissionCheckFailed',
    'CertificateContentError',
    'RegisterCodeError',
    'RegisterCodeUsed',
    'SnNotUnique',
    'GetCaNumError',
    'CaNumExceed',
  ],
  ram: {
    action: 'mq:RegisterCa', // vendor: not mq:RegisterCaCertificate
    dependsOn: ['mq:MqttInstanceAccess'],
    dependencyError: 'InstancePermissionCheckFailed', // only this page lists it. LIMITS A-31
    inferred: true,
  },
  evidence: 'RegisterCaCertificate page, 2023',

  async handle(params, context) {
    const { store, instance, random, change, assume } = context
    const { ca, registerCode } = checkedContent(params.CaContent, params.VerificationContent, change.at)
    const record: CaCertificate = {
      id: randomUuid(random),
      instanceId: instance.id,
      regionId: instance.regionId,
      sn: ca.sn,
      name: params.CaName,
      status: 'active',
      certificate: withLineBreaks(params.CaContent),
      verification: withLineBreaks(params.VerificationContent),
      registerCode,
      fingerprint: ca.fingerprint,
      subject: ca.subject,
      validFrom: ca.validFrom,
      validUntil: ca.validUntil,
      registeredAt: change.at,
      statusChange: null,
    }
    await store.transact((tx) => register(tx, context, record))
    assume('A-14', `CA certificate ${ca.sn}`)
    return { Sn: ca.sn }
  },
})

/** The page shows the line breaks of a PEM as a backslash and an n, and some clients send them so. */
const withLineBreaks = (pem: string) => pem.replace(/\\r\\n|\\n/g, '\n')

function checkedContent(caContent: string, verificationContent: string, now: number) {
  try {
    return checkRegistration({ caContent, verificationContent, now })
  } catch (error) {
    if (!(error instanceof RegistrationError)) throw error
    throw new ApiError('CertificateContentError', { detail: error.message })
  }
}

async function register(tx: Transaction, context: OperationContext, record: CaCertificate): Promise<void> {
  await consumeRegisterCode(tx, context, record)
  await checkSerialNumberIsNew(tx, record)
  await checkCaCount(tx, context)
  tx.caCertificates.put(record)
}

async function consumeRegisterCode(tx: Transaction, context: OperationContext, record: CaCertificate): Promise<void> {
  const issued = await tx.registerCodes.get(record.registerCode)
  checkRegisterCode(issued, context)
  tx.registerCodes.put({ ...issued, usedAt: context.change.at })
}

function checkRegisterCode(
  issued: RegisterCode | undefined,
  { instance, settings, change }: OperationContext,
): asserts issued is RegisterCode {
  if (!issued || issued.instanceId !== instance.id) {
    throw new ApiError('RegisterCodeError', {
      detail: `the common name of the verification certificate is no register code of ${instance.id}`,
    })
  }
  if (issued.usedAt !== null) {
    const usedAt = new Date(issued.usedAt).toISOString()
    throw new ApiError('RegisterCodeUsed', { detail: `the register code was used at ${usedAt}` })
  }
  const { registerCodeTtlMs } = settings
  if (registerCodeTtlMs === 0 || change.at - issued.issuedAt < registerCodeTtlMs) return
  const detail = `the register code was good for ${registerCodeTtlMs / 1000} seconds, and it is older`
  throw new ApiError('RegisterCodeError', { detail, cause: 'register-code-expired', restsOn: ['A-12'] })
}

/** vendor: "unique in global"; the newest page says one instance a region. LIMITS A-13 */
async function checkSerialNumberIsNew(tx: Transaction, { regionId, sn }: CaCertificate): Promise<void> {
  const same = await tx.caCertificates.list('byRegionAndSn', `${regionId}/${serialNumberKey(sn)}`, 0, 1)
  const [holder] = same.records
  if (holder) throw new ApiError('SnNotUnique', { detail: `${holder.instanceId} has a CA certificate ${sn} already` })
}

async function checkCaCount(tx: Transaction, { instance, settings }: OperationContext): Promise<void> {
  const count = await countCas(tx, instance)
  if (count < settings.maxCaCertificates) return
  throw new ApiError('CaNumExceed', { detail: `${instance.id} has ${count} CA certificates, which is the most` })
}

async function countCas(tx: Transaction, instance: Instance): Promise<number> {
  try {
    return await tx.caCertificates.count('byInstance', instance.id)
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    throw new ApiError('GetCaNumError', { detail: `the CA certificates of ${instance.id} could not be counted` })
  }
}
