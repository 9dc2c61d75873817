import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { DeviceCertificateView, viewDevice } from './certificate-views.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, SerialNumber } from './fields.ts'
import { findDevice } from './find-certificate.ts'

/** Shows a registered device certificate. */
export const getDeviceCertificate = defineOperation({
  ...certificateOperation,
  action: 'GetDeviceCertificate',
  methods: ['GET'],
  params: Type.Object({ MqttInstanceId, DeviceSn: SerialNumber, CaSn: SerialNumber }),
  result: Type.Object({ Data: DeviceCertificateView }),
  errors: [...certificateErrors, 'FindDeviceBySnError'],
  ram: { action: 'mq:GetDeviceCertificate', dependsOn: ['mq:MqttInstanceAccess'] },
  evidence: 'GetDeviceCertificate page, 2023',

  async handle({ CaSn, DeviceSn }, context) {
    const device = await findDevice(context.store.read, context, CaSn, DeviceSn)
    context.assume('A-21', `device certificate ${device.sn}`)
    return { Data: viewDevice(device) }
  },
})
