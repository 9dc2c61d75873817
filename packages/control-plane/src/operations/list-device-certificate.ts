import type { DeviceCertificate } from '@apsaramq/model'
import type { Page, Reader } from '@apsaramq/store'
import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { DeviceCertificatePage, viewDevice } from './certificate-views.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, PageNo, pageRequest, PageSize } from './fields.ts'

/** Lists the device certificates of an instance: those of its oldest CA first. LIMITS A-19 */
export const listDeviceCertificate = defineOperation({
  ...certificateOperation,
  action: 'ListDeviceCertificate',
  methods: ['GET'],
  params: Type.Object({ MqttInstanceId, PageNo, PageSize }),
  result: Type.Object({ Data: DeviceCertificatePage }),
  errors: [...certificateErrors],
  ram: { action: 'mq:ListDeviceCertificate', dependsOn: ['mq:MqttInstanceAccess'], inferred: true },
  evidence: 'ListDeviceCertificate in the metadata; its errors as on the ListCaCertificate page',

  async handle(params, { store, instance, assume }) {
    const { pageNo, pageSize, offset } = pageRequest(params)
    const page = await pageOfInstance(store.read, instance.id, offset, pageSize)
    assume('A-19', 'ListDeviceCertificate')
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

/** The devices of an instance are those of its CAs, one after the other: costs the CAs and the page, not the devices. */
async function pageOfInstance(
  read: Reader,
  instanceId: string,
  offset: number,
  limit: number,
): Promise<Page<DeviceCertificate>> {
  const records: DeviceCertificate[] = []
  let total = 0
  const cas = await read.caCertificates.list('byInstance', instanceId, 0, Number.MAX_SAFE_INTEGER)
  for (const ca of cas.records) {
    const skip = Math.max(0, offset - total)
    const page = await read.deviceCertificates.list('byCa', ca.id, skip, limit - records.length)
    records.push(...page.records)
    total += page.total
  }
  return { total, records }
}
