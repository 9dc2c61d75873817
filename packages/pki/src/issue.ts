import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { Clock, Random } from '@apsaramq/model'
import { CertificateError } from './certificate-error.ts'
import { inspectCertificate } from './inspect.ts'
import { openCa, type KeyAndCertificate } from './issuer.ts'
import { makeKeyPair, pemOfKey, type KeyType } from './keys.ts'
import { pemOfDer } from './pem.ts'
import { makeSerialNumber, readSerialNumber } from './serial.ts'
import { bytesOf, children, readDer } from './structure.ts'
import type { CertificateTemplate, ExtensionProfile } from './template.ts'
import { dayMs, validityOf, type ValidityRequest } from './validity.ts'
import { writeCertificate } from './write-certificate.ts'

/** Where issuing takes time and chance from; keys come from OpenSSL's own generator. */
export interface IssuingDeps {
  clock: Clock
  random: Random
}

/** What a CA or device certificate can be asked to be. */
export interface CertificateRequest extends ValidityRequest {
  /** Of the subject, 1 to 64 characters (RFC 5280 ub-common-name). */
  commonName: string
  /** RSA of 2048 bits where nothing is said. */
  keyType?: KeyType
  /** Hex; random where nothing is said. */
  sn?: string
}

const caLifetimeMs = 3650 * dayMs
const deviceLifetimeMs = 365 * dayMs
/** As long as clients accept of a server (CA/Browser Forum: 398 days). */
const serverLifetimeMs = 397 * dayMs

const caProfile: ExtensionProfile = { isCa: true, keyUsage: ['keyCertSign', 'cRLSign'] }

/**
 * Makes a CA: a key, and a certificate that it signs itself, or that another CA signs; valid for ten years.
 *
 * @throws {CertificateError} on a bad request or CA
 */
export function issueCa(
  request: CertificateRequest & { ca?: KeyAndCertificate },
  deps: IssuingDeps,
): Promise<KeyAndCertificate> {
  return issue({ ...request, lifetimeMs: caLifetimeMs, profile: caProfile }, deps)
}

/** Makes a device's key and certificate under a CA, valid for a year. @throws {CertificateError} on a bad request or CA */
export function issueDevice(
  request: CertificateRequest & { ca: KeyAndCertificate },
  deps: IssuingDeps,
): Promise<KeyAndCertificate> {
  const profile: ExtensionProfile = { ...endEntity(request.keyType), extendedKeyUsage: 'clientAuth' }
  return issue({ ...request, lifetimeMs: deviceLifetimeMs, profile }, deps)
}

/**
 * Makes a server's key and certificate under a CA, valid for 397 days.
 *
 * @param request.names DNS names and IP addresses; the first is the common name too, where it fits
 * @throws {CertificateError} on a bad request or CA
 */
export async function issueServer(
  request: { ca: KeyAndCertificate; names: readonly string[]; keyType?: KeyType },
  deps: IssuingDeps,
): Promise<KeyAndCertificate> {
  const { names, keyType } = request
  for (const name of names) checkServerName(name)
  const commonName = names.find((name) => name.length <= maxCommonName)
  if (!commonName) throw new CertificateError('a server certificate needs a name of at most 64 characters')
  const profile: ExtensionProfile = { ...endEntity(keyType), extendedKeyUsage: 'serverAuth', names }
  return issue({ ...request, commonName, lifetimeMs: serverLifetimeMs, profile }, deps)
}

/**
 * Makes the verification certificate that proves possession of a CA's key: its common name is the register code.
 * LIMITS A-14
 *
 * @throws {CertificateError} on a bad CA
 */
export async function issueVerification(
  request: { ca: KeyAndCertificate; registerCode: string },
  deps: IssuingDeps,
): Promise<KeyAndCertificate> {
  const { ca, registerCode } = request
  const keyType = keyTypeOf(ca)
  return issue(
    { ca, commonName: registerCode, keyType, lifetimeMs: deviceLifetimeMs, profile: endEntity(keyType) },
    deps,
  )
}

function keyTypeOf(ca: KeyAndCertificate): KeyType {
  return inspectCertificate(ca.certificate).keyType === 'rsa' ? 'rsa' : 'ec'
}

function endEntity(keyType: KeyType = 'rsa'): ExtensionProfile {
  // an EC key encrypts no session key
  return { isCa: false, keyUsage: keyType === 'ec' ? ['digitalSignature'] : ['digitalSignature', 'keyEncipherment'] }
}

type Order = CertificateRequest & { ca?: KeyAndCertificate; lifetimeMs: number; profile: ExtensionProfile }

async function issue(order: Order, deps: IssuingDeps): Promise<KeyAndCertificate> {
  const commonName = checkCommonName(order.commonName)
  const { from, until } = validityOf(order, order.lifetimeMs, deps.clock.now())
  const serialNumber = order.sn === undefined ? makeSerialNumber(deps.random) : readSerialNumber(order.sn)
  const issuer = order.ca && openCa(order.ca)
  const { publicKey, privateKey } = await makeKeyPair(order.keyType ?? 'rsa')
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const keyIdentifier = keyIdentifierOf(spki)
  const template: CertificateTemplate = {
    serialNumber,
    commonName,
    validFrom: from,
    validUntil: until,
    publicKey: spki,
    keyIdentifier,
    extensions: order.profile,
    issuer: issuer ?? { name: undefined, keyIdentifier, key: privateKey },
  }
  return { key: pemOfKey(privateKey), certificate: pemOfDer(writeCertificate(template)) }
}

const maxCommonName = 64

function checkCommonName(commonName: string): string {
  const length = [...commonName].length
  if (length === 0 || length > maxCommonName || commonName.includes('\0')) {
    throw new CertificateError(`a common name has 1 to ${maxCommonName} characters, none of them U+0000`)
  }
  return commonName
}

const dnsName = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i

function checkServerName(name: string): void {
  if (isIP(name) === 0 && (name.length > 253 || !dnsName.test(name))) {
    throw new CertificateError(`a name of the server is neither a DNS name nor an IP address: ${name}`)
  }
}

/** SHA-1 of the key's bits (RFC 5280 §4.2.1.2, method 1). */
function keyIdentifierOf(spki: Uint8Array): Uint8Array {
  const bits = children(readDer(spki))[1]
  return createHash('sha1').update(bytesOf(bits).subarray(1)).digest()
}
