import { refusedAs } from '../api-error.ts'
import { found } from './call.ts'
import { gatewayStep } from './gateway-step.ts'

/** Checks that the instance, where the operation is about one, belongs to the account of the caller. */
export const owner = gatewayStep({
  name: 'owner',
  after: 'instance',
  errors: ['MqttOwnerCheckError', 'InstancePermissionCheckFailed'],
  check({ instance, caller, operation }) {
    const { accountId } = found(caller, 'the caller')
    if (instance === undefined || instance.accountId === accountId) return
    throw refusedAs(found(operation, 'the operation').wording.instanceOfAnother, {
      detail: `${instance.id} does not belong to account ${accountId}`,
      cause: 'instance-of-another-account',
    })
  },
})
