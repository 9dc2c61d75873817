import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { CaCertificatePage, viewCa } from './certificate-views.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, PageNo, pageRequest, PageSize } from './fields.ts'

/** Lists the CA certificates of an instance in the order of their registration. LIMITS A-19 */
export const listCaCertificate = defineOperation({
  ...certificateOperation,
  action: 'ListCaCertificate',
  methods: ['GET'],
  params: Type.Object({ MqttInstanceId, PageNo, PageSize }),
  result: Type.Object({ Data: CaCertificatePage }),
  errors: [...certificateErrors],
  ram: { action: 'mq:ListCaCertificate', dependsOn: ['mq:MqttInstanceAccess'] },
  evidence: 'ListCaCertificate page, 2023',

  async handle(params, { store, instance, assume }) {
    const { pageNo, pageSize, offset } = pageRequest(params)
    const page = await store.read.caCertificates.list('byInstance', instance.id, offset, pageSize)
    assume('A-19', 'ListCaCertificate')
    return {
      Data: { Total: page.total, PageNo: pageNo, PageSize: pageSize, CaCertificateVOS: page.records.map(viewCa) },
    }
  },
})
