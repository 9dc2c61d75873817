import { declinedOperations } from '../../operations/declined.ts'
import { operations } from '../../operations/index.ts'
import { editsBetween } from './edits.ts'

const names = [...operations.map(({ action }) => action), ...Object.keys(declinedOperations)]

/** The operation that a name was probably meant for: it is ActiveDeviceCertificate, not ActivateDeviceCertificate. */
export function nearOperation(asked: string): string | undefined {
  const lower = asked.toLowerCase()
  const name =
    names.find((one) => one.toLowerCase() === lower) ?? names.find((one) => editsBetween(one, asked) !== undefined)
  return name === undefined ? undefined : `the operation is ${name}`
}
