import { expect, test } from 'vitest'
import { percentEncode } from './percent-encoding.ts'
import { signV1 } from './sign-v1.ts'
import { signV3 } from './sign-v3.ts'

const common = { Format: 'JSON', SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0', AccessKeyId: 'testid' }

const inactivate = {
  MqttInstanceId: 'post-cn-7mz2d000001',
  DeviceSn: '356217374433',
  CaSn: '007269004887',
}

test.each([
  [' ', '%20'],
  ['*', '%2A'],
  ["!'()", '%21%27%28%29'],
  ['-_.~', '-_.~'],
  ['+/=', '%2B%2F%3D'],
  ['é', '%C3%A9'],
  ['😀', '%F0%9F%98%80'],
  ['\n', '%0A'],
])('B5: %j is percent-encoded as RFC 3986 has it', (text, encoded) => {
  expect(percentEncode(text)).toBe(encoded)
})

test('B5: V1 gives the published signature of CreateUser', () => {
  const parameters = {
    ...common,
    Action: 'CreateUser',
    Version: '2015-05-01',
    UserName: 'test',
    Timestamp: '2015-08-18T03:15:45Z',
    SignatureNonce: '6a6e0ca6-4557-11e5-86a2-b8e8563dc8d2',
  }
  expect(signV1({ method: 'GET', parameters, accessKeySecret: 'testsecret' }).signature).toBe(
    'kRA2cnpJVacIhDMzXnoNZG9tDCI=',
  )
})

test('B5: V1 gives the published signature of a request with a percent-encoded value', () => {
  const parameters = {
    ...common,
    Action: 'CreateUser',
    Version: '2019-08-15',
    UserPrincipalName: 'test@example.onaliyun.com',
    DisplayName: 'test',
    Timestamp: '2021-01-15T06:02:28Z',
    SignatureNonce: '3f6b4e80-56f7-11eb-a256-a9f756ea7e85',
  }
  expect(signV1({ method: 'GET', parameters, accessKeySecret: 'testsecret' }).signature).toBe(
    '02heLegtw4+BFamznl1Ltj+vJ4A=',
  )
})

test.each([
  ['POST', 'bBlUe9ij0hTwykz8TpL7Vrl6uH8='],
  ['GET', 'cpuULruihO00+Ok13F/3Qa0UOz8='],
] as const)(
  'B5: V1 signs InactivateDeviceCertificate by %s, and an earlier Signature does not count',
  (method, expected) => {
    const parameters = {
      ...common,
      ...inactivate,
      Action: 'InactivateDeviceCertificate',
      Version: '2020-04-20',
      Timestamp: '2025-01-15T06:02:28Z',
      SignatureNonce: '3f6b4e80-56f7-11eb-a256-a9f756ea7e85',
      Signature: 'of an earlier attempt',
    }
    expect(signV1({ method, parameters, accessKeySecret: 'testsecret' }).signature).toBe(expected)
  },
)

test('B5: V3 gives the published request hash and signature of RunInstances', () => {
  const signed = signV3({
    method: 'POST',
    query: { ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd', RegionId: 'cn-shanghai' },
    headers: {
      Host: 'ecs.cn-shanghai.aliyuncs.com',
      'x-acs-action': 'RunInstances',
      'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'x-acs-date': '2023-10-26T10:22:32Z',
      'x-acs-signature-nonce': '3156853299f313e23d1673dc12e1703d',
      'x-acs-version': '2014-05-26',
      'user-agent': 'not signed',
    },
    body: '',
    accessKeyId: 'YourAccessKeyId',
    accessKeySecret: 'YourAccessKeySecret',
  })
  expect(signed.requestHash).toBe('7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259')
  expect(signed.authorization).toBe(
    'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,' +
      'SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,' +
      'Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
  )
})

test('B5: V3 signs InactivateDeviceCertificate', () => {
  const signed = signV3({
    method: 'POST',
    query: inactivate,
    headers: {
      host: 'onsmqtt.cn-hangzhou.aliyuncs.com',
      'x-acs-action': 'InactivateDeviceCertificate',
      'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'x-acs-date': '2025-01-15T06:02:28Z',
      'x-acs-signature-nonce': '3f6b4e80-56f7-11eb-a256-a9f756ea7e85',
      'x-acs-version': '2020-04-20',
    },
    body: '',
    accessKeyId: 'testid',
    accessKeySecret: 'testsecret',
  })
  expect(signed.requestHash).toBe('61aacf4f6bc1d928d47b6bcaecc4dadc8c2020f00c2c314e48188eba1597ab85')
  expect(signed.signature).toBe('a57fd0b42f4b013b86ba209474de665f8b79e7d7b185c0737843dc8c23d1341f')
})
