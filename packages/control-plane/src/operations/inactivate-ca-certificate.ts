import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { changeCaStatus } from './change-status.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, SerialNumber } from './fields.ts'

/** Keeps a CA certificate from vouching for devices that are not registered yet. LIMITS A-03 */
export const inactivateCaCertificate = defineOperation({
  ...certificateOperation,
  action: 'InactivateCaCertificate',
  methods: ['GET', 'POST'],
  params: Type.Object({ MqttInstanceId, Sn: SerialNumber }),
  result: Type.Object({ Sn: Type.String() }),
  errors: [...certificateErrors, 'FindCaBySnError'],
  ram: { action: 'mq:UnregisterCaCertificate', dependsOn: ['mq:MqttInstanceAccess'] }, // vendor: the name is the vendor's
  evidence: 'InactivateCaCertificate page, 2024',

  async handle(params, context) {
    return { Sn: await changeCaStatus(params, 'inactive', context) }
  },
})
