import { createHmac } from 'node:crypto'
import type { Cause } from '@apsaramq/model'
import type { Endpoints, SignedClient } from '@apsaramq/testkit'
import { makeDevice, registerCa, type Device } from './certificates.ts'
import { day, issueCa } from './openssl.ts'
import { unique } from './target.ts'
import { admitOnce } from './admit-once.ts'

/** A connection the broker must refuse, and the cause it must name. */
export interface RefusedDevice {
  what: string
  cause: Cause
  /** CONNACK code of MQTT 3.1.1 where refusals are answered. */
  code: number
  make(stage: Stage): Promise<Presented>
}

/** Where the refusals are staged. */
export interface Stage {
  client: SignedClient
  directory: string
  endpoints: Endpoints
}

/** What the client presents. */
export interface Presented {
  clientId: string
  key?: string
  chain?: string
  username?: string
  password?: string
  /** Serial number to ask about, where there is a certificate. */
  sn?: string
}

const registered = ({ client, directory, endpoints }: Stage) => registerCa(client, directory, endpoints)

async function status(stage: Stage, action: string, parameters: Record<string, string>): Promise<void> {
  const { instanceId } = stage.endpoints
  const answer = await stage.client.call(action, { MqttInstanceId: instanceId, ...parameters })
  if (answer.status !== 200) throw new Error(`${action} answered ${answer.status} ${JSON.stringify(answer.body)}`)
}

/** A device that has been admitted once, and is registered therefore. */
async function known(stage: Stage): Promise<Device> {
  const device = await makeDevice(await registered(stage))
  await admitOnce(stage.endpoints, device)
  return device
}

const withPassword = (device: Device, { accessKeyId, accessKeySecret, instanceId }: Endpoints, spoil = '') => ({
  ...device,
  username: `Signature|${accessKeyId}|${instanceId}`,
  password: createHmac('sha1', `${accessKeySecret}${spoil}`).update(device.clientId).digest('base64'),
})

/** Every refusal that a client can bring about, one row each. */
export const refusedDevices: readonly RefusedDevice[] = [
  {
    what: 'no certificate',
    cause: 'no-certificate',
    code: 5,
    make: async () => ({ clientId: `GID_demo@@@${unique('bare')}` }),
  },
  {
    what: 'a certificate of a CA nobody registered',
    cause: 'ca-unknown',
    code: 5,
    make: async ({ directory }) =>
      makeDevice({ ...(await issueCa(directory, { commonName: unique('stray-') })), caSn: '' }),
  },
  {
    what: 'a certificate of a CA with the name of a registered one',
    cause: 'chain-invalid',
    code: 5,
    async make(stage) {
      const commonName = unique('twin-')
      await registerCa(stage.client, stage.directory, stage.endpoints, { commonName })
      return makeDevice({ ...(await issueCa(stage.directory, { commonName })), caSn: '' })
    },
  },
  {
    what: 'a new certificate of an inactive CA',
    cause: 'ca-inactive',
    code: 5,
    async make(stage) {
      const ca = await registered(stage)
      await status(stage, 'InactivateCaCertificate', { Sn: ca.caSn })
      return makeDevice(ca)
    },
  },
  {
    what: 'an inactive device certificate',
    cause: 'device-inactive',
    code: 5,
    async make(stage) {
      const device = await known(stage)
      await status(stage, 'InactivateDeviceCertificate', { DeviceSn: device.sn, CaSn: device.caSn })
      return device
    },
  },
  {
    what: 'an expired certificate',
    cause: 'certificate-expired',
    code: 5,
    make: async (stage) => makeDevice(await registered(stage), { from: day(-20), until: day(-10) }),
  },
  {
    what: 'a certificate that is not yet valid',
    cause: 'certificate-not-yet-valid',
    code: 5,
    make: async (stage) => makeDevice(await registered(stage), { from: day(10), until: day(20) }),
  },
  {
    what: 'a certificate that is not made for clients',
    cause: 'chain-invalid',
    code: 5,
    make: async (stage) =>
      makeDevice(await registered(stage), {
        extensions: ['basicConstraints=CA:FALSE', 'extendedKeyUsage=serverAuth'],
      }),
  },
  {
    what: 'another certificate of a registered serial number',
    cause: 'fingerprint-mismatch',
    code: 5,
    async make(stage) {
      const ca = await registered(stage)
      const device = await makeDevice(ca)
      await admitOnce(stage.endpoints, device)
      return makeDevice(ca, { sn: device.sn })
    },
  },
  {
    what: 'a password of another secret',
    cause: 'bad-credentials',
    code: 4,
    make: async (stage) => withPassword(await makeDevice(await registered(stage)), stage.endpoints, 'x'),
  },
  {
    what: 'the username of an access key nobody has',
    cause: 'bad-credentials',
    code: 4,
    make: async (stage) =>
      withPassword(await makeDevice(await registered(stage)), { ...stage.endpoints, accessKeyId: 'LTAInobody' }),
  },
  {
    what: 'a client id that is none',
    cause: 'bad-client-id',
    code: 2,
    make: async (stage) => makeDevice(await registered(stage), { clientId: unique('plain-') }),
  },
  {
    what: 'a client id of a group that does not exist',
    cause: 'bad-client-id',
    code: 2,
    make: async (stage) => makeDevice(await registered(stage), { clientId: `GID_nobody@@@${unique()}` }),
  },
  {
    what: 'a client id longer than 64 characters',
    cause: 'bad-client-id',
    code: 2,
    make: async (stage) => makeDevice(await registered(stage), { clientId: `GID_demo@@@${'x'.repeat(54)}` }),
  },
]
