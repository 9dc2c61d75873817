import { serialNumberKey } from './serial-number.ts'

/** Key of a CA certificate: its instance and serial number. */
export function caKey(instanceId: string, sn: string): string {
  return `${instanceId}/${serialNumberKey(sn)}`
}

/** Key of a device certificate: the registration of its CA and its serial number. */
export function deviceKey(caId: string, sn: string): string {
  return `${caId}/${serialNumberKey(sn)}`
}

/** Key of anything that is named within an instance: groups, topics, client ids. */
export function withinInstance(instanceId: string, name: string): string {
  return `${instanceId}/${name}`
}
