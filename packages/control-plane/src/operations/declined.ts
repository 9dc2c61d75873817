const token = 'tokens as MQTT passwords are not emulated; devices are told apart by certificate'
const trace = 'the emulator keeps no message and connection traces in the form of the service'
const customAuth = 'custom authentication is not emulated; devices are told apart by certificate'
const credential = 'one-secret-per-device credentials are not emulated; devices are told apart by certificate'
const group = 'groups come from the seed; they are not managed by the API'
const tag = 'tags have no effect on what the emulator emulates'
const disaster = 'there is no second site to switch to'

/** The operations of OnsMqtt 2020-04-20 that are not served, each with the reason: they answer ApiNotSupport. */
export const declinedOperations: Readonly<Record<string, string>> = {
  AddCustomAuthConnectBlack: customAuth,
  AddCustomAuthIdentity: customAuth,
  AddCustomAuthPermission: customAuth,
  ApplyToken: token,
  CreateGroupId: group,
  DeleteCustomAuthConnectBlack: customAuth,
  DeleteCustomAuthIdentity: customAuth,
  DeleteCustomAuthPermission: customAuth,
  DeleteGroupId: group,
  DisasterDowngrade: disaster,
  DisasterRecovery: disaster,
  GetDeviceCredential: credential,
  ListDeviceCredentialClientId: credential,
  ListGroupId: group,
  ListTagResources: tag,
  QueryCustomAuthConnectBlack: customAuth,
  QueryCustomAuthIdentity: customAuth,
  QueryCustomAuthPermission: customAuth,
  QueryMqttTraceDevice: trace,
  QueryMqttTraceMessageOfClient: trace,
  QueryMqttTraceMessagePublish: trace,
  QueryMqttTraceMessageSubscribe: trace,
  QueryToken: token,
  RefreshDeviceCredential: credential,
  RegisterDeviceCredential: credential,
  RevokeToken: token,
  SendMessage: 'messages come from MQTT clients only',
  SetSniConfig: 'the server certificates are made by the emulator itself',
  TagResources: tag,
  UnRegisterDeviceCredential: credential,
  UntagResources: tag,
  UpdateCustomAuthIdentity: customAuth,
  UpdateCustomAuthPermission: customAuth,
}

/** The declined operations whose only protocol is HTTPS, as the metadata has it. */
export const httpsOnlyDeclined: ReadonlySet<string> = new Set([
  'AddCustomAuthConnectBlack',
  'AddCustomAuthIdentity',
  'AddCustomAuthPermission',
  'DeleteCustomAuthConnectBlack',
  'DeleteCustomAuthIdentity',
  'DeleteCustomAuthPermission',
  'DisasterDowngrade',
  'DisasterRecovery',
  'QueryCustomAuthConnectBlack',
  'QueryCustomAuthIdentity',
  'QueryCustomAuthPermission',
  'SetSniConfig',
  'UpdateCustomAuthIdentity',
  'UpdateCustomAuthPermission',
])
