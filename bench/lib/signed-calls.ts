import { signedRequest, type Endpoints, type SignedRequest } from '@apsaramq/testkit'
import type { DeviceName } from './devices.ts'

/** Makes calls ahead of the measurement, each with a nonce and a signature of its own. */
export interface CallSigner {
  sign(action: string, parameters: Record<string, string>, method?: 'GET' | 'POST'): SignedRequest
  /** The operation that changes the status of a device's certificate. */
  setStatus(status: 'active' | 'inactive', device: DeviceName): SignedRequest
}

let made = 0

/** A signer for the owner of the instance. @param origin another server than the emulator's API */
export function callSigner(endpoints: Endpoints, origin = endpoints.api): CallSigner {
  const { accessKeyId, accessKeySecret, instanceId } = endpoints
  const how = { signature: 'V3', placement: 'query' } as const
  const sign: CallSigner['sign'] = (action, parameters, method = 'POST') => {
    const nonce = `bench-${process.pid}-${(made += 1)}`
    const who = { accessKeyId, accessKeySecret, host: new URL(origin).host }
    return signedRequest({ ...how, ...who, method, action, parameters, at: Date.now(), nonce })
  }
  return {
    sign,
    setStatus: (status, { caSn, deviceSn }) =>
      sign(status === 'active' ? 'ActiveDeviceCertificate' : 'InactivateDeviceCertificate', {
        MqttInstanceId: instanceId,
        CaSn: caSn,
        DeviceSn: deviceSn,
      }),
  }
}

/** Flips devices one after the other, inactive first; each call changes a record. */
export function statusFlips(devices: readonly DeviceName[]): (signer: CallSigner) => SignedRequest {
  let at = 0
  return (signer) => {
    const pass = Math.floor(at / devices.length)
    const device = devices[at % devices.length]!
    at += 1
    return signer.setStatus(pass % 2 === 0 ? 'inactive' : 'active', device)
  }
}

/** Devices that are inactivated, each once: a call that is refused leaves its device for a later one. */
export class DevicePool {
  #active: DeviceName[]

  constructor(devices: readonly DeviceName[]) {
    this.#active = [...devices]
  }

  /** So many different ones, or the same again where there are not enough. */
  take(count: number): DeviceName[] {
    return Array.from({ length: count }, (_, at) => this.#active[at % this.#active.length]!)
  }

  /** Takes those out that are inactive now, unless none would be left. */
  spend(devices: ReadonlySet<DeviceName>): void {
    const left = this.#active.filter((device) => !devices.has(device))
    if (left.length > 0) this.#active = left
  }
}
