import { randomUuid, type Random } from '@apsaramq/model'
import type { Transaction } from '@apsaramq/store'
import { Type } from '@sinclair/typebox'
import { certificateErrors, certificateOperation } from './certificate-operation.ts'
import { defineOperation } from './define-operation.ts'
import { MqttInstanceId } from './fields.ts'

const digitsAfterUuid = 12

/** Gives out a registration code for one CA certificate: a new one each time, good until it is used. LIMITS A-12 */
export const getRegisterCode = defineOperation({
  ...certificateOperation,
  action: 'GetRegisterCode',
  methods: ['GET'],
  params: Type.Object({ MqttInstanceId }),
  result: Type.Object({ RegisterCode: Type.String() }),
  errors: [...certificateErrors],
  ram: { action: 'mq:GetRegisterCode', dependsOn: ['mq:MqttInstanceAccess'], inferred: true },
  evidence: 'GetRegisterCode page, 2023',

  async handle(_params, { store, instance, random, assume, change }) {
    const code = newRegisterCode(random)
    await store.transact(async (tx) => {
      await forgetOldest(tx, instance.id)
      tx.registerCodes.put({ code, instanceId: instance.id, issuedAt: change.at, usedAt: null })
    })
    assume('A-12', instance.id)
    return { RegisterCode: code }
  },
})

/** Codes of one instance that are known at once: who calls this all day must not fill the store. LIMITS A-12 */
export const maxRegisterCodes = 10_000

/** A code that was forgotten is refused as one that was never given out. */
async function forgetOldest(tx: Transaction, instanceId: string): Promise<void> {
  if ((await tx.registerCodes.count('byInstance', instanceId)) < maxRegisterCodes) return
  const { records } = await tx.registerCodes.list('byInstance', instanceId, 0, 1)
  for (const { code } of records) tx.registerCodes.delete(code)
}

/** vendor: the example on the page is a UUID directly followed by digits. */
function newRegisterCode(random: Random): string {
  const digits = Array.from(random.bytes(digitsAfterUuid), (byte) => byte % 10)
  return `${randomUuid(random)}${digits.join('')}`
}
