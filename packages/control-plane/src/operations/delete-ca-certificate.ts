import { caKey } from '@apsaramq/model'
import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId, SerialNumber } from './fields.ts'
import { findCa } from './find-certificate.ts'

/**
 * Deletes a CA certificate and, as the page says, every device certificate registered under it: the tombstone makes
 * that true for everyone at once, the records go in the background. LIMITS A-22
 */
export const deleteCaCertificate = defineOperation({
  ...certificateOperation,
  action: 'DeleteCaCertificate',
  methods: ['GET', 'POST'],
  params: Type.Object({ MqttInstanceId, Sn: SerialNumber }),
  result: Type.Object({ Sn: Type.String() }),
  errors: [...certificateErrors, 'FindCaBySnError'],
  ram: { action: 'mq:DeleteCaCertificate', dependsOn: ['mq:MqttInstanceAccess'] },
  evidence: 'DeleteCaCertificate page, 2023',

  async handle({ Sn }, context) {
    const ca = await context.store.transact(async (tx) => {
      const found = await findCa(tx, context, Sn)
      tx.caCertificates.delete(caKey(context.instance.id, found.sn), { by: context.change })
      tx.caTombstones.put({ caId: found.id, deletedAt: context.change.at, by: context.change })
      return found
    })
    if (ca.status === 'active') context.assume('A-22', `CA certificate ${ca.sn}`)
    return { Sn: ca.sn }
  },
})
