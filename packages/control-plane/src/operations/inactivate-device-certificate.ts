import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { changeDeviceStatus } from './change-status.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, SerialNumber } from './fields.ts'

/** Keeps a registered device certificate from connecting; what happens to a live session is the setting of LIMITS A-01. */
export const inactivateDeviceCertificate = defineOperation({
  ...certificateOperation,
  action: 'InactivateDeviceCertificate',
  methods: ['GET', 'POST'],
  params: Type.Object({ MqttInstanceId, DeviceSn: SerialNumber, CaSn: SerialNumber }),
  result: Type.Object({ DeviceSn: Type.String() }),
  errors: [...certificateErrors, 'FindDeviceBySnError'],
  ram: { action: 'mq:UnregisterDeviceCertificate', dependsOn: [] }, // vendor: the name is the vendor's, not a slip of ours
  evidence: 'InactivateDeviceCertificate page, 2025-08-15',

  async handle(params, context) {
    return { DeviceSn: await changeDeviceStatus(params, 'inactive', context) }
  },
})
