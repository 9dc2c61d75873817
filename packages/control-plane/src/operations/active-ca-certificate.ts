import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { changeCaStatus } from './change-status.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, SerialNumber } from './fields.ts'

/** Lets a registered CA certificate vouch for new devices again. */
export const activeCaCertificate = defineOperation({
  ...certificateOperation,
  action: 'ActiveCaCertificate',
  methods: ['GET', 'POST'],
  params: Type.Object({ MqttInstanceId, Sn: SerialNumber }),
  result: Type.Object({ Sn: Type.String() }),
  errors: [...certificateErrors, 'FindCaBySnError'],
  ram: { action: 'mq:ActiveCaCertificate', dependsOn: ['mq:MqttInstanceAccess'] },
  evidence: 'ActiveCaCertificate page, 2023',

  async handle(params, context) {
    return { Sn: await changeCaStatus(params, 'active', context) }
  },
})
