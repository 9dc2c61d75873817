import { expect, test } from 'vitest'
import { parseParameters } from './form-parameters.ts'
import { signatureV1, stringToSignV1 } from './hmac-sha1.ts'

const sign = (method: string, wire: string, secret = 'testsecret') =>
  signatureV1(secret, stringToSignV1(method, parseParameters(wire)!))

const ofThisApi =
  'Version=2020-04-20&Action=InactivateDeviceCertificate&Format=JSON&AccessKeyId=testid&SignatureMethod=HMAC-SHA1' +
  '&SignatureVersion=1.0&SignatureNonce=3f6b4e80-56f7-11eb-a256-a9f756ea7e85&Timestamp=2025-01-15T06:02:28Z' +
  '&MqttInstanceId=post-cn-7mz2d000001&DeviceSn=356217374433&CaSn=007269004887'

test.each([
  [
    'GET',
    'kRA2cnpJVacIhDMzXnoNZG9tDCI=',
    'UserName=test&SignatureVersion=1.0&Format=JSON&Timestamp=2015-08-18T03%3A15%3A45Z&AccessKeyId=testid' +
      '&SignatureMethod=HMAC-SHA1&Version=2015-05-01&Action=CreateUser' +
      '&SignatureNonce=6a6e0ca6-4557-11e5-86a2-b8e8563dc8d2',
  ],
  [
    'GET',
    '02heLegtw4+BFamznl1Ltj+vJ4A=',
    'Timestamp=2021-01-15T06:02:28Z&Format=JSON&Action=CreateUser&AccessKeyId=testid&SignatureMethod=HMAC-SHA1' +
      '&Version=2019-08-15&SignatureVersion=1.0&SignatureNonce=3f6b4e80-56f7-11eb-a256-a9f756ea7e85' +
      '&UserPrincipalName=test%40example.onaliyun.com&DisplayName=test',
  ],
  ['POST', 'bBlUe9ij0hTwykz8TpL7Vrl6uH8=', ofThisApi],
  ['GET', 'cpuULruihO00+Ok13F/3Qa0UOz8=', ofThisApi],
])('B5: a %s of the published and computed vectors has the signature %s', (method, signature, wire) => {
  expect(sign(method, wire)).toBe(signature)
})

test('the text to sign is the method, the path and every parameter but Signature, sorted in byte order', () => {
  const wire = 'A_b=1&Signature=x%3D&Tag.2.Key=&A-b=2&AB=3&Tag.10.Key=b&Ab=4&Tag.1.Key=a&Format'
  expect(stringToSignV1('POST', parseParameters(wire)!)).toBe(
    'POST&%2F&A-b%3D2%26AB%3D3%26A_b%3D1%26Ab%3D4%26Format%3D%26Tag.1.Key%3Da%26Tag.10.Key%3Db%26Tag.2.Key%3D',
  )
})

test('how a client wrote a value on the wire does not matter, only what it says', () => {
  const spellings = [
    'v=-_.~%2A%21%27%28%29+a%20b%2Bc%2Fd%C3%A9%F0%9F%98%80%0A',
    'v=-_.~*!%27()%20a+b%2bc/d\u00C3\u00A9%f0%9f%98%80%0a',
    "v=-_.%7E*!'()%20a%20b%2Bc%2Fd%c3%a9\u00F0\u009F\u0098\u0080%0A",
  ]
  const texts = spellings.map((wire) => stringToSignV1('GET', parseParameters(wire)!))
  const once = '-_.~%2A%21%27%28%29%20a%20b%2Bc%2Fd%C3%A9%F0%9F%98%80%0A'
  expect(texts).toEqual(spellings.map(() => `GET&%2F&v%3D${once.replaceAll('%', '%25')}`))
})
