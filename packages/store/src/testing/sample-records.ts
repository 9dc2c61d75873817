import type { Account, CaCertificate, DeviceCertificate, Session } from '@apsaramq/model'

/** A registered CA of the id. */
export function sampleCa(id: string, changed: Partial<CaCertificate> = {}): CaCertificate {
  return {
    id,
    instanceId: 'post-cn-emulator001',
    regionId: 'cn-hangzhou',
    sn: '0a01',
    name: `CA ${id}`,
    status: 'active',
    certificate: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
    verification: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
    registerCode: 'code',
    fingerprint: 'f'.repeat(64),
    subject: `CN=${id}`,
    validFrom: 0,
    validUntil: 1,
    registeredAt: 0,
    statusChange: null,
    ...changed,
  }
}

/** A registered device under the CA of the id. */
export function sampleDevice(caId: string, sn: string, changed: Partial<DeviceCertificate> = {}): DeviceCertificate {
  return {
    caId,
    instanceId: 'post-cn-emulator001',
    caSn: '0a01',
    sn,
    name: `device ${sn}`,
    status: 'active',
    certificate: 'TUlJ',
    fingerprint: 'e'.repeat(64),
    validFrom: 0,
    validUntil: 1,
    registeredAt: 0,
    statusChange: null,
    ...changed,
  }
}

/** A live session of the id, with a certificate. */
export function sampleSession(id: string, changed: Partial<Session> = {}): Session {
  return {
    id,
    instanceId: 'post-cn-emulator001',
    clientId: 'GID_demo@@@one',
    caId: 'ca-1',
    caSn: '0a01',
    deviceSn: '0b01',
    fingerprint: 'e'.repeat(64),
    protocol: 'mqtt3.1.1',
    transport: 'mqtts',
    tlsVersion: 'TLSv1.3',
    resumed: false,
    remoteAddress: '127.0.0.1',
    connectedAt: 0,
    ...changed,
  }
}

/** An account of the id. */
export function sampleAccount(id: string, name = id): Account {
  return { id, name }
}
