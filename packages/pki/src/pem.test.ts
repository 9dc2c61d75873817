import { expect, test } from 'vitest'
import { CertificateError } from './certificate-error.ts'
import { base64DerOf, derOfPem, maxCertificateBytes, pemFromBase64Der, pemOfDer } from './pem.ts'

const der = Buffer.from(Array.from({ length: 100 }, (_, index) => index))
const base64 = der.toString('base64')
const pem = `-----BEGIN CERTIFICATE-----\n${base64.slice(0, 64)}\n${base64.slice(64, 128)}\n${base64.slice(128)}\n-----END CERTIFICATE-----\n`

test('PEM has 64 characters a line, from DER and from base64', () => {
  expect([pemOfDer(der), pemFromBase64Der(base64)]).toEqual([pem, pem])
  expect(pemFromBase64Der(base64, 'X')).toBe(pem.replaceAll('CERTIFICATE', 'X'))
})

test('the base64 of the store comes from PEM and from DER', () => {
  expect([base64DerOf(pem), base64DerOf(der)]).toEqual([base64, base64])
})

test.for([
  ['as written', pem],
  ['with CRLF', pem.replaceAll('\n', '\r\n')],
  ['with newlines as backslash and n', pem.replaceAll('\n', '\\n')],
  ['with CRLF as four characters', pem.replaceAll('\n', '\\r\\n')],
  ['on one line', pem.replaceAll('\n', '')],
  ['with blanks around', `\n  ${pem}\n\n`],
  ['with explanations around', `Certificate:\n    Data: x\n${pem}that was it\n`],
])('a PEM is read %s', ([, text]) => {
  expect(derOfPem(text!)).toEqual(der)
})

test.for([
  ['', 'there is no PEM: the text has no -----BEGIN CERTIFICATE-----'],
  [base64, 'there is no PEM: the text has no -----BEGIN CERTIFICATE-----'],
  [pem + pem, 'the PEM holds more than one block; give one certificate'],
  [pem.replaceAll('CERTIFICATE', 'PRIVATE KEY'), 'the PEM holds a PRIVATE KEY, not a CERTIFICATE'],
  [pem.replaceAll('CERTIFICATE', 'DEVICECERTIFICATE'), 'the PEM holds a DEVICECERTIFICATE, not a CERTIFICATE'],
  [pem.slice(0, 150), 'the PEM is cut off: there is no -----END CERTIFICATE-----'],
  [pem.replace('END CERTIFICATE', 'END X'), 'the PEM is cut off: there is no -----END CERTIFICATE-----'],
  [pem.replace('AAEC', '*AEC'), 'between its markers the PEM is not base64'],
  ['-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----', 'between its markers the PEM is not base64'],
  [pem + ' '.repeat(maxCertificateBytes), 'the PEM is longer than 65536 bytes'],
])('a PEM is refused with a reason (%#)', ([text, message]) => {
  expect(() => derOfPem(text!)).toThrow(new CertificateError(message))
})
