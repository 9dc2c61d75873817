/** Longest MQTT client id of the service, in characters (Limits page). */
export const maxClientIdLength = 64

const groupIdText = /^GID[_-][0-9A-Za-z_-]{3,60}$/
const deviceIdText = /^[0-9A-Za-z_-]+$/

/** True for `GID_…` or `GID-…`, 7 to 64 characters of letters, digits, `-` and `_` (CreateGroupId page). */
export function isGroupId(text: string): boolean {
  return groupIdText.test(text)
}

/** The two halves of a client id. */
export interface ClientIdParts {
  groupId: string
  deviceId: string
}

/** Splits `<GroupID>@@@<DeviceID>`; undefined when the text is not a client id of the service (Terms, Limits). */
export function parseClientId(text: string): ClientIdParts | undefined {
  if (text.length > maxClientIdLength) return undefined
  const at = text.indexOf('@@@')
  const groupId = text.slice(0, Math.max(at, 0))
  const deviceId = text.slice(at + 3)
  if (at < 0 || !isGroupId(groupId) || !deviceIdText.test(deviceId)) return undefined
  return { groupId, deviceId }
}
