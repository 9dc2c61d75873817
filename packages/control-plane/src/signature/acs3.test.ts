import { expect, test } from 'vitest'
import {
  bodyHash,
  emptyBodyHash,
  parseAcs3Authorization,
  signatureV3,
  stringToSignV3,
  unsignedHeader,
  type Acs3Request,
} from './acs3.ts'
import { parseParameters } from './form-parameters.ts'

const published: Acs3Request = {
  method: 'POST',
  query: parseParameters('ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai')!,
  headers: {
    host: 'ecs.cn-shanghai.aliyuncs.com',
    'x-acs-action': 'RunInstances',
    'x-acs-content-sha256': emptyBodyHash,
    'x-acs-date': '2023-10-26T10:22:32Z',
    'x-acs-signature-nonce': '3156853299f313e23d1673dc12e1703d',
    'x-acs-version': '2014-05-26',
  },
  signedHeaders: 'host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version',
  bodyHash: emptyBodyHash,
}

const ofThisApi: Acs3Request = {
  ...published,
  query: parseParameters('MqttInstanceId=post-cn-7mz2d000001&DeviceSn=356217374433&CaSn=007269004887')!,
  headers: {
    ...published.headers,
    host: 'onsmqtt.cn-hangzhou.aliyuncs.com',
    'x-acs-action': 'InactivateDeviceCertificate',
    'x-acs-date': '2025-01-15T06:02:28Z',
    'x-acs-signature-nonce': '3f6b4e80-56f7-11eb-a256-a9f756ea7e85',
    'x-acs-version': '2020-04-20',
  },
}

test.each([
  [
    'published',
    published,
    'YourAccessKeySecret',
    '7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259',
    '06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
  ],
  [
    'computed',
    ofThisApi,
    'testsecret',
    '61aacf4f6bc1d928d47b6bcaecc4dadc8c2020f00c2c314e48188eba1597ab85',
    'a57fd0b42f4b013b86ba209474de665f8b79e7d7b185c0737843dc8c23d1341f',
  ],
])('B5: the %s vector has its request hash and its signature', (_name, request, secret, hash, signature) => {
  const stringToSign = stringToSignV3(request)
  expect(stringToSign).toBe(`ACS3-HMAC-SHA256\n${hash}`)
  expect(signatureV3(secret, stringToSign)).toBe(signature)
})

test('the hash of an empty body is known, of any other computed', () => {
  expect(bodyHash(Buffer.alloc(0))).toBe(emptyBodyHash)
  expect(bodyHash(Buffer.from('DeviceSn=356217374433000001&CaSn=007269004887000001'))).toBe(
    '299afba0ca5a5728e7e51bffe1626e04847391724a729c27a7bfb9903af722e8',
  )
})

test('the headers that are signed are those of the list, in its order, trimmed, whatever else is sent', () => {
  const signedHeaders = `accept;${published.signedHeaders}`
  const headers = { ...published.headers, accept: ' a/b ', 'user-agent': 'x' }
  const trimmed = { ...published.headers, accept: 'a/b' }
  expect(stringToSignV3({ ...published, headers, signedHeaders })).toBe(
    stringToSignV3({ ...published, headers: trimmed, signedHeaders }),
  )
  expect(stringToSignV3({ ...published, headers, signedHeaders })).not.toBe(stringToSignV3(published))
})

test('a no-break space in front of a value is part of it, so that a nonce with one is another nonce and is not signed', () => {
  const headers = { ...published.headers, 'x-acs-signature-nonce': '\u00A03156853299f313e23d1673dc12e1703d' }
  expect(stringToSignV3({ ...published, headers })).not.toBe(stringToSignV3(published))
})

test.each([
  ['host is left out', 'x-acs-action', { host: 'h', 'x-acs-action': 'A' }, 'host'],
  ['a header of the scheme is left out', 'host', { host: 'h', 'x-acs-action': 'A' }, 'x-acs-action'],
  ['nothing is left out', 'host;x-acs-action', { host: 'h', 'x-acs-action': 'A', accept: '*/*' }, undefined],
])('a list in which %s is told from one that is whole', (_name, signedHeaders, headers, unsigned) => {
  expect(unsignedHeader({ headers, signedHeaders })).toBe(unsigned)
})

test('a name that every object inherits is not a header', () => {
  const signedHeaders = `${published.signedHeaders};__proto__;constructor`
  expect(stringToSignV3({ ...published, signedHeaders })).toMatch(/^ACS3-HMAC-SHA256\n[0-9a-f]{64}$/)
})

test('the Authorization header is read as all clients write it, and nothing else is', () => {
  const parts = { accessKeyId: 'AK', signedHeaders: 'a;b', signature: 'ff' }
  expect(parseAcs3Authorization('ACS3-HMAC-SHA256 Credential=AK,SignedHeaders=a;b,Signature=ff')).toEqual(parts)
  expect(parseAcs3Authorization('ACS3-HMAC-SHA256 Credential=AK, SignedHeaders=a;b, Signature=ff')).toEqual(parts)
  for (const header of [
    '',
    'ACS3-HMAC-SHA256',
    'ACS3-HMAC-SHA256 Credential=,SignedHeaders=a,Signature=f',
    'ACS3-HMAC-SHA256 SignedHeaders=a,Credential=AK,Signature=f',
    'ACS4-HMAC-SHA256 Credential=AK,SignedHeaders=a;b,Signature=ff',
    'Bearer x',
  ]) {
    expect(parseAcs3Authorization(header)).toBeUndefined()
  }
})
