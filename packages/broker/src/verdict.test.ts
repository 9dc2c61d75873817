import { describe, expect, test } from 'vitest'
import type { CaCertificate, DeviceCertificate } from '@apsaramq/model'
import type { CertificateFacts, PathVerdict } from '@apsaramq/pki'
import { judge, type Evidence } from './verdict.ts'

const change = { at: Date.UTC(2026, 0, 2), accessKeyId: 'LTAIowner', requestId: 'R-1' }

const facts: CertificateFacts = {
  sn: '0a',
  subject: 'CN=thermometer',
  issuer: 'C=CN\nCN=the CA',
  commonName: 'thermometer',
  validFrom: 0,
  validUntil: 1,
  fingerprint: 'f1',
  isCa: false,
  keyType: 'ec',
  der: new Uint8Array(),
}

const ca: CaCertificate = {
  id: 'ca-1',
  instanceId: 'post-cn-first',
  regionId: 'cn-hangzhou',
  sn: '01',
  name: 'the CA',
  status: 'active',
  certificate: '',
  verification: '',
  registerCode: '',
  fingerprint: 'f0',
  subject: facts.issuer,
  validFrom: 0,
  validUntil: 1,
  registeredAt: 0,
  statusChange: null,
}
const inactiveCa: CaCertificate = { ...ca, status: 'inactive', statusChange: change }

const device: DeviceCertificate = {
  caId: ca.id,
  instanceId: ca.instanceId,
  caSn: ca.sn,
  sn: facts.sn,
  name: facts.commonName,
  status: 'active',
  certificate: '',
  fingerprint: facts.fingerprint,
  validFrom: 0,
  validUntil: 1,
  registeredAt: 0,
  statusChange: null,
}
const inactiveDevice: DeviceCertificate = { ...device, status: 'inactive', statusChange: change }
const anotherDevice: DeviceCertificate = { ...device, fingerprint: 'f2' }

const good: PathVerdict<CaCertificate> = { ok: true, anchor: ca, intermediates: [], until: Infinity }
const expired: PathVerdict<CaCertificate> = {
  ok: false,
  cause: 'certificate-expired',
  detail: 'it was valid until then',
}
const forged: PathVerdict<CaCertificate> = { ok: false, cause: 'chain-invalid', detail: 'the signature is not its' }

function evidence(more: Partial<Evidence>): Evidence {
  return {
    presented: { kind: 'certificate', facts },
    conflict: undefined,
    ca,
    device,
    path: good,
    chain: [],
    lead: 'none',
    ...more,
  }
}

const place = { caSn: '01', instanceId: 'post-cn-first' }
const call = { requestId: 'R-1', accessKeyId: 'LTAIowner' }

describe('C10: a refusal names what decided it', () => {
  test.each<[string, Partial<Evidence>, object]>([
    [
      'no certificate',
      { presented: { kind: 'none' }, ca: undefined, device: undefined, path: undefined },
      { cause: 'no-certificate', message: 'the client presented no certificate' },
    ],
    [
      'a certificate that cannot be read',
      { presented: { kind: 'unreadable', detail: 'it is no DER' }, ca: undefined, device: undefined, path: undefined },
      { cause: 'certificate-unreadable', message: 'it is no DER' },
    ],
    [
      'two instances, before anything of the certificate',
      { conflict: 'one here, one there', ca: undefined, device: undefined, path: undefined },
      { cause: 'wrong-instance', message: 'one here, one there' },
    ],
    [
      'an inactive device, before its expiry',
      { device: inactiveDevice, path: expired },
      {
        cause: 'device-inactive',
        message:
          'device certificate 0a of CA 01 inactive since 2026-01-02T00:00:00.000Z by access key LTAIowner, request R-1',
        ...call,
        ...place,
      },
    ],
    [
      'no registered CA',
      { ca: undefined, device: undefined, path: undefined },
      {
        cause: 'ca-unknown',
        message: 'no registered CA is C=CN, CN=the CA, the issuer of device certificate 0a (thermometer)',
      },
    ],
    [
      'an inactive CA of an unregistered device, before its expiry',
      { ca: inactiveCa, device: undefined, path: expired },
      {
        cause: 'ca-inactive',
        message:
          'device certificate 0a (thermometer) is not registered and CA 01 is inactive since 2026-01-02T00:00:00.000Z by access key LTAIowner, request R-1',
        ...call,
        ...place,
      },
    ],
    [
      'another certificate of a registered number under an inactive CA: it is an unregistered one',
      { ca: inactiveCa, device: anotherDevice },
      expect.objectContaining({ cause: 'ca-inactive' }),
    ],
    [
      'an expired certificate, registered or not',
      { path: expired },
      {
        cause: 'certificate-expired',
        message: 'device certificate 0a (thermometer): it was valid until then',
        ...place,
      },
    ],
    [
      'a forged certificate of a registered number',
      { device: anotherDevice, path: forged },
      { cause: 'chain-invalid', message: 'device certificate 0a (thermometer): the signature is not its', ...place },
    ],
    [
      'a second certificate of a registered number, though its CA signed it',
      { device: anotherDevice },
      {
        cause: 'fingerprint-mismatch',
        message: 'device certificate 0a (thermometer) has fingerprint f1, registered is f2',
        ...place,
      },
    ],
    [
      'a path that nobody has verified',
      { path: undefined },
      { cause: 'chain-invalid', message: 'the path of device certificate 0a (thermometer) was not verified' },
    ],
  ])('%s', (_what, more, refusal) => {
    expect(judge(evidence(more), 'documented')).toEqual({ kind: 'refuse', refusal })
  })
})

test('an active device under an active CA is admitted', () => {
  expect(judge(evidence({}), 'documented')).toEqual({
    kind: 'admit',
    ca,
    device,
    between: Infinity,
    warning: undefined,
  })
})

test('an active device under an inactive CA is admitted with a warning', () => {
  expect(judge(evidence({ ca: inactiveCa }), 'documented')).toEqual({
    kind: 'admit',
    ca: inactiveCa,
    device,
    between: Infinity,
    warning:
      'device certificate 0a (thermometer) is admitted, registered and active, although CA 01 is inactive since 2026-01-02T00:00:00.000Z by access key LTAIowner, request R-1',
  })
})

test('C9: strictly, an inactive CA refuses an active device too, after what the device itself is', () => {
  expect(judge(evidence({ ca: inactiveCa }), 'strict')).toEqual({
    kind: 'refuse',
    refusal: {
      cause: 'ca-inactive',
      message:
        'device certificate 0a (thermometer) is registered and active, but CA 01 is inactive since 2026-01-02T00:00:00.000Z by access key LTAIowner, request R-1, which is applied strictly',
      ...call,
      ...place,
    },
  })
  expect(judge(evidence({ ca: inactiveCa, device: inactiveDevice }), 'strict')).toMatchObject({
    refusal: { cause: 'device-inactive' },
  })
  expect(judge(evidence({ ca: inactiveCa, path: expired }), 'strict')).toMatchObject({
    refusal: { cause: 'ca-inactive' },
  })
  expect(judge(evidence({}), 'strict')).toEqual({ kind: 'admit', ca, device, between: Infinity, warning: undefined })
})

test('a good certificate that is not registered is to be registered', () => {
  expect(judge(evidence({ device: undefined }), 'documented')).toEqual({
    kind: 'register',
    ca,
    facts,
    chain: [],
  })
})
