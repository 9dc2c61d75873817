import { refusedAs } from '../api-error.ts'
import { textOf } from '../signature/form-parameters.ts'
import { found, type Call } from './call.ts'
import { gatewayStep } from './gateway-step.ts'
import type { Plane } from './plane.ts'

async function findInstance(call: Call, id: string, { store, settings }: Plane): Promise<void> {
  const instance = await store.read.instances.get(id)
  if (instance?.regionId !== settings.regionId) {
    const { wording } = found(call.operation, 'the operation')
    throw refusedAs(wording.instanceNotFound, {
      detail: `${settings.regionId} has no instance of this id`,
      cause: 'instance-not-found',
    })
  }
  call.instance = instance
}

/** Finds the instance, where the operation is about one; the endpoint of a region knows those of the region. */
export const instance = gatewayStep({
  name: 'instance',
  after: 'parameters',
  errors: ['MqttInstanceNotFound', 'InstancePermissionCheckFailed'],
  check(call, plane) {
    const { instanceParameter } = found(call.operation, 'the operation')
    if (instanceParameter === undefined) return
    return findInstance(call, textOf(call.parameters, instanceParameter), plane)
  },
})
