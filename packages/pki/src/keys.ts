import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { CertificateError, reasonOf } from './certificate-error.ts'

/** Kind of a key that is made: RSA of 2048 bits, or EC on P-256. */
export type KeyType = 'rsa' | 'ec'

/** A new key pair. */
export interface KeyPair {
  publicKey: KeyObject
  privateKey: KeyObject
}

const generate = promisify(generateKeyPair)

/** Makes a key pair in the thread pool: an RSA one takes a tenth of a second and more. */
export function makeKeyPair(keyType: KeyType): Promise<KeyPair> {
  return keyType === 'ec' ? generate('ec', { namedCurve: 'P-256' }) : generate('rsa', { modulusLength: 2048 })
}

/** PKCS#8 PEM of a private key. */
export function pemOfKey(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** @throws {CertificateError} when the PEM holds no private key that can be read without a password */
export function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (thrown) {
    throw new CertificateError(`the private key cannot be read: ${reasonOf(thrown)}`)
  }
}
