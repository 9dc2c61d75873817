import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { CaCertificateView, viewCa } from './certificate-views.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, SerialNumber } from './fields.ts'
import { findCa } from './find-certificate.ts'

/** Shows a registered CA certificate. */
export const getCaCertificate = defineOperation({
  ...certificateOperation,
  action: 'GetCaCertificate',
  methods: ['GET'],
  params: Type.Object({ MqttInstanceId, Sn: SerialNumber }),
  result: Type.Object({ Data: CaCertificateView }),
  errors: [...certificateErrors, 'FindCaBySnError'],
  ram: { action: 'mq:GetCaCertificate', dependsOn: ['mq:MqttInstanceAccess'] },
  evidence: 'GetCaCertificate page, 2023',

  async handle({ Sn }, context) {
    return { Data: viewCa(await findCa(context.store.read, context, Sn)) }
  },
})
