import { deviceKey } from '@apsaramq/model'
import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, SerialNumber } from './fields.ts'
import { findDevice } from './find-certificate.ts'

/** Deletes the registration of a device certificate, whatever its status. LIMITS */
export const deleteDeviceCertificate = defineOperation({
  ...certificateOperation,
  action: 'DeleteDeviceCertificate',
  methods: ['GET', 'POST'],
  params: Type.Object({ MqttInstanceId, DeviceSn: SerialNumber, CaSn: SerialNumber }),
  result: Type.Object({ DeviceSn: Type.String() }),
  errors: [...certificateErrors, 'FindDeviceBySnError'],
  ram: { action: 'mq:DeleteDeviceCertificate', dependsOn: ['mq:MqttInstanceAccess'] },
  evidence: 'DeleteDeviceCertificate page, 2023',

  async handle({ CaSn, DeviceSn }, context) {
    const device = await context.store.transact(async (tx) => {
      const found = await findDevice(tx, context, CaSn, DeviceSn)
      tx.deviceCertificates.delete(deviceKey(found.caId, found.sn), { by: context.change })
      return found
    })
    if (device.status === 'active') context.assume('A-22', `device certificate ${device.sn}`)
    return { DeviceSn: device.sn }
  },
})
