import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { changeDeviceStatus } from './change-status.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, SerialNumber } from './fields.ts'

/** Lets a registered device certificate connect again. */
export const activeDeviceCertificate = defineOperation({
  ...certificateOperation,
  action: 'ActiveDeviceCertificate',
  methods: ['GET', 'POST'],
  params: Type.Object({ MqttInstanceId, DeviceSn: SerialNumber, CaSn: SerialNumber }),
  result: Type.Object({ DeviceSn: Type.String() }),
  errors: [...certificateErrors, 'FindDeviceBySnError'],
  ram: { action: 'mq:ActiveDeviceCertificate', dependsOn: ['mq:MqttInstanceAccess'] },
  evidence: 'ActiveDeviceCertificate page, 2023',

  async handle(params, context) {
    return { DeviceSn: await changeDeviceStatus(params, 'active', context) }
  },
})
