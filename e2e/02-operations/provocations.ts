import { issueCa, issueUnder, type Wish } from '../support/openssl.ts'
import { unique } from '../support/target.ts'

/** The seed of the program that is provoked: one CA, and it may have no more. */
export const provokedSeed = {
  accounts: [
    { id: '1000000000000001', accessKeys: [{ id: 'OWNER', secret: 'owner-secret' }] },
    { id: '1000000000000002', accessKeys: [{ id: 'STRANGER', secret: 'stranger-secret' }] },
  ],
  users: [
    { account: '1000000000000001', name: 'nobody', accessKeys: [{ id: 'NOBODY', secret: 'nobody-secret' }] },
    {
      account: '1000000000000001',
      name: 'registrar',
      policies: [{ Version: '1', Statement: [{ Effect: 'Allow', Action: 'mq:RegisterCa', Resource: '*' }] }],
      accessKeys: [{ id: 'REGISTRAR', secret: 'registrar-secret' }],
    },
  ],
  instances: [{ id: 'post-cn-provoked01', account: '1000000000000001', edition: 'platinum' }],
  cas: [{ name: 'the only one', instance: 'post-cn-provoked01', emulatorCa: true }],
}

/** Flags of the program that is provoked. */
export const provokedFlags = ['--max-cas', '1', '--close-connection', 'beta']

type Parameters = Record<string, string>

/** What a provocation works with. */
export interface Provoked {
  directory: string
  /** The register code and the serial number of the one CA. */
  used: { registerCode: string; sn: string }
  newRegisterCode(): Promise<string>
}

/** A call that is right but for one thing. */
export interface Provocation {
  /** The holder's AccessKey ID; the owner's where none is named. */
  accessKeyId?: string
  parameters: Parameters
}

const certificate = { MqttInstanceId: 'post-cn-provoked01' }
const session = { InstanceId: 'post-cn-provoked01' }
const device = { ...certificate, DeviceSn: 'deadbeef', CaSn: 'deadbeef' }
const ca = { ...certificate, Sn: 'deadbeef' }
const page = { PageNo: '1', PageSize: '10' }

/** Parameters of each operation that pass their own checks. */
const rightParameters: Record<string, Parameters> = {
  ActiveCaCertificate: ca,
  ActiveDeviceCertificate: device,
  BatchQuerySessionByClientIds: { ...session, 'ClientIdList.1': 'GID_demo@@@one' },
  CloseConnection: { ...session, ClientId: 'GID_demo@@@one' },
  DeleteCaCertificate: ca,
  DeleteDeviceCertificate: device,
  GetCaCertificate: ca,
  GetDeviceCertificate: device,
  GetRegisterCode: certificate,
  InactivateCaCertificate: ca,
  InactivateDeviceCertificate: device,
  ListCaCertificate: { ...certificate, ...page },
  ListDeviceCertificate: { ...certificate, ...page },
  ListDeviceCertificateByCaSn: { ...certificate, CaSn: 'deadbeef', ...page },
  ListInstances: {},
  QuerySessionByClientId: { ...session, ClientId: 'GID_demo@@@one' },
  RegisterCaCertificate: { ...certificate, CaName: 'ours', CaContent: 'none', VerificationContent: 'none' },
}

/** Values that fail the check of their parameter, by its name. */
const wrongValues: Parameters = {
  Sn: 'not hex',
  DeviceSn: 'a'.repeat(129),
  PageNo: '0',
  CaName: 'n'.repeat(129),
  ClientId: 'x'.repeat(65),
  'ClientIdList.1': 'x'.repeat(65),
  Tags: '{',
}

function right(operation: string): Parameters {
  const found = rightParameters[operation]
  if (!found) throw new Error(`no parameters are known of ${operation}`)
  return found
}

function withWrongValue(operation: string): Parameters {
  const parameters = right(operation)
  const name = Object.keys(wrongValues).find((one) => one in parameters) ?? 'Tags'
  return { ...parameters, [name]: wrongValues[name]! }
}

function withoutLast(operation: string): Parameters {
  return Object.fromEntries(Object.entries(right(operation)).slice(0, -1))
}

/** A registration with proof of the key, whose verification certificate has this common name. */
async function registration({ directory }: Provoked, commonName: string, wish: Partial<Wish> = {}) {
  const made = await issueCa(directory, { commonName: unique('provoked-ca-'), ...wish })
  const verification = await issueUnder(made, { commonName })
  const parameters = { CaContent: made.cert, VerificationContent: verification.cert }
  return { parameters: { ...right('RegisterCaCertificate'), ...parameters } }
}

/** What is done to have an error answered, by the name that the table gives it. */
export const provocations: Record<string, (operation: string, on: Provoked) => Provocation | Promise<Provocation>> = {
  'a parameter is missing': (operation) => ({ parameters: withoutLast(operation) }),
  'a parameter is wrong': (operation) => ({ parameters: withWrongValue(operation) }),
  'no such instance': (operation) => {
    const parameters = right(operation)
    const name = 'InstanceId' in parameters ? 'InstanceId' : 'MqttInstanceId'
    return { parameters: { ...parameters, [name]: 'post-cn-nowhere' } }
  },
  "another account's instance": (operation) => ({ accessKeyId: 'STRANGER', parameters: right(operation) }),
  'no policy allows it': (operation) => ({ accessKeyId: 'NOBODY', parameters: right(operation) }),
  'no policy allows what it depends on': (operation) => ({ accessKeyId: 'REGISTRAR', parameters: right(operation) }),
  'no such CA': (operation) => ({ parameters: right(operation) }),
  'no such device': (operation, { used }) => ({ parameters: { ...right(operation), CaSn: used.sn } }),
  'the beta is elsewhere': (operation) => ({ parameters: right(operation) }),
  'a certificate that is none': (operation) => ({ parameters: right(operation) }),
  'a register code nobody gave out': (_, on) => registration(on, 'made up'),
  'a register code that was used': (_, on) => registration(on, on.used.registerCode),
  'a serial number that is taken': async (_, on) => registration(on, await on.newRegisterCode(), { sn: on.used.sn }),
  'as many CAs as there may be': async (_, on) => registration(on, await on.newRegisterCode()),
}
