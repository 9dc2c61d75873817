import { createPrivateKey, X509Certificate } from 'node:crypto'
import { systemClock, systemRandom } from '@apsaramq/model'
import { inspectCertificate, issueCa, issueDevice } from '@apsaramq/pki'
import { expect, test } from 'vitest'
import { certificateCopier } from './certificate-copies.ts'

const deps = { clock: systemClock, random: systemRandom }

test('a copy is a certificate of the CA like its template, with the serial number and the name it was asked for', async () => {
  const ca = await issueCa({ commonName: 'CA of copies', keyType: 'ec' }, deps)
  const wanted = { sn: '5a'.repeat(16), commonName: 'GID_demo@@@copy-0000000' }
  const template = await issueDevice({ ca, ...wanted, keyType: 'rsa' }, deps)
  const facts = inspectCertificate(template.certificate)
  const copy = certificateCopier({ ...wanted, der: facts.der }, createPrivateKey(ca.key))
  for (let number = 0; number < 50; number += 1) {
    const [sn, commonName] = [`31${number.toString(16).padStart(30, '0')}`, `GID_demo@@@copy-${1_000_000 + number}`]
    const der = copy(sn, commonName)
    const { fingerprint: _own, der: _bytes, ...told } = inspectCertificate(der)
    const { fingerprint: _template, der: _templateBytes, ...expected } = facts
    expect(told).toEqual({ ...expected, sn, commonName, subject: `CN=${commonName}` })
    expect(new X509Certificate(der).verify(new X509Certificate(ca.certificate).publicKey)).toBe(true)
  }
})

test('what does not fit in the place of the template is refused', async () => {
  const ca = await issueCa({ commonName: 'CA of copies', keyType: 'ec' }, deps)
  const wanted = { sn: '5a'.repeat(16), commonName: 'GID_demo@@@copy-0' }
  const { certificate } = await issueDevice({ ca, ...wanted, keyType: 'ec' }, deps)
  const { der } = inspectCertificate(certificate)
  const copy = certificateCopier({ ...wanted, der }, createPrivateKey(ca.key))
  expect(() => copy('5a', 'GID_demo@@@copy-1')).toThrow('not as long as those of the template')
  expect(() => certificateCopier({ ...wanted, sn: '77'.repeat(16), der }, createPrivateKey(ca.key))).toThrow(
    'does not hold its serial number once',
  )
})
