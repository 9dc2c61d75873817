import forge from 'node-forge'
import { CertificateError } from './certificate-error.ts'
import { parseCertificate } from './inspect.ts'
import { readKey } from './keys.ts'
import { pemOfDer } from './pem.ts'

/** What goes into a PKCS#12 file: PEM texts, and the certificates of the chain above. */
export interface Pkcs12Request {
  key: string
  certificate: string
  chain: readonly string[]
  password: string
}

/**
 * A PKCS#12 file of a key, its certificate and the chain. Encryption and MAC are of the kind that OpenSSL 3, macOS
 * and every Java read (3DES and SHA-1: Java 8 and macOS know no newer ones); it is a parcel, not a safe.
 *
 * @throws {CertificateError} when key or a certificate is not RSA: node-forge packs no other
 */
export function toPkcs12(request: Pkcs12Request): Uint8Array {
  const key = readKey(request.key)
  const certificates = [request.certificate, ...request.chain].map(parseCertificate)
  if (key.asymmetricKeyType !== 'rsa' || certificates.some((one) => one.publicKey.asymmetricKeyType !== 'rsa')) {
    throw new CertificateError('PKCS#12 is made for RSA keys and certificates only')
  }
  if (!certificates[0]?.checkPrivateKey(key))
    throw new CertificateError('the private key does not belong to the certificate')
  const file = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(key.export({ type: 'pkcs1', format: 'pem' }).toString()),
    certificates.map((one) => forge.pki.certificateFromPem(pemOfDer(one.raw))),
    request.password,
    { algorithm: '3des' },
  )
  return Buffer.from(forge.asn1.toDer(file).getBytes(), 'binary')
}
