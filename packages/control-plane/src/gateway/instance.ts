import { ApiError } from '../api-error.ts'
import { textOf } from '../signature/form-parameters.ts'
import type { Call } from './call.ts'
import { gatewayStep } from './gateway-step.ts'
import type { Plane } from './plane.ts'

async function findInstance(call: Call, { store, settings }: Plane): Promise<void> {
  const instance = await store.read.instances.get(textOf(call.parameters, 'MqttInstanceId'))
  if (instance?.regionId !== settings.regionId) {
    throw new ApiError('MqttInstanceNotFound', { detail: `${settings.regionId} has no instance of this id` })
  }
  call.instance = instance
}

/** Finds the instance; the endpoint of a region knows those of the region. */
export const instance = gatewayStep({
  name: 'instance',
  after: 'parameters',
  errors: ['MqttInstanceNotFound'],
  check: findInstance,
})
