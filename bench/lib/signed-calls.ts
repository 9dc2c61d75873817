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

/**
 * Inactivates devices that are active, as far as the answers tell, so that every accepted call changes a record and
 * all calls count for one operation's limit.
 */
export function inactivations(devices: readonly DeviceName[], signer: CallSigner) {
  const [done, sentFor] = [new Set<DeviceName>(), new Map<number, DeviceName>()]
  let at = 0
  const nextActive = (): DeviceName => {
    for (let tried = 0; tried < devices.length; tried += 1) {
      const device = devices[(at += 1) % devices.length]!
      if (!done.has(device)) return device
    }
    return devices[0]! // all are inactive: the call is one that changes nothing
  }
  return {
    next(index: number): SignedRequest {
      const device = nextActive()
      sentFor.set(index, device)
      return signer.setStatus('inactive', device)
    },
    answered(index: number, status: number): void {
      if (status === 200) done.add(sentFor.get(index)!)
      sentFor.delete(index)
    },
    /** Those that were inactivated. */
    done,
  }
}
