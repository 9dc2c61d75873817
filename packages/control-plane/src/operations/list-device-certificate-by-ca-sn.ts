import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { DeviceCertificatePage, viewDevice } from './certificate-views.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, PageNo, pageRequest, PageSize, SerialNumber } from './fields.ts'
import { findCaOfDevices } from './find-certificate.ts'

/** Lists the device certificates registered under one CA in the order of their registration. LIMITS A-17 */
export const listDeviceCertificateByCaSn = defineOperation({
  ...certificateOperation,
  action: 'ListDeviceCertificateByCaSn',
  methods: ['GET'],
  params: Type.Object({ MqttInstanceId, CaSn: SerialNumber, PageNo, PageSize }),
  result: Type.Object({ Data: DeviceCertificatePage }),
  errors: [...certificateErrors, 'FindDeviceBySnError'],
  ram: { action: 'mq:ListDeviceCertificateByCaSn', dependsOn: ['mq:MqttInstanceAccess'] },
  evidence: 'ListDeviceCertificateByCaSn page, 2023',

  async handle(params, context) {
    const { pageNo, pageSize, offset } = pageRequest(params)
    const ca = await findCaOfDevices(context.store.read, context, params.CaSn)
    const page = await context.store.read.deviceCertificates.list('byCa', ca.id, offset, pageSize)
    return {
      Data: {
        Total: page.total,
        PageNo: pageNo,
        PageSize: pageSize,
        DeviceCertificateVOS: page.records.map(viewDevice),
      },
    }
  },
})
