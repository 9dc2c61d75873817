/** Object identifiers of extensions (RFC 5280 §4.2 where nothing else is said). */
export const extensionOids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  extKeyUsage: '2.5.29.37',
  /** RFC 3779 */
  ipAddressBlocks: '1.3.6.1.5.5.7.1.7',
  /** RFC 3779 */
  autonomousSystemNumbers: '1.3.6.1.5.5.7.1.8',
  /** RFC 3820 */
  proxyCertInfo: '1.3.6.1.5.5.7.1.14',
  /** Netscape's certificate type, which OpenSSL still obeys. */
  netscapeCertType: '2.16.840.1.113730.1.1',
} as const

/** Purposes of an extended key usage. */
export const purposeOids = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

/** RSASSA-PSS, whose digest stands in its parameters (RFC 4055 §3.1). */
export const rsaPssOid = '1.2.840.113549.1.1.10'

/** Signatures over SHA-2 of 224 bits and more, and EdDSA. */
export const strongSignatureOids: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11', // sha256WithRSAEncryption
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.113549.1.1.14', // sha224WithRSAEncryption
  '1.2.840.10045.4.3.1', // ecdsa-with-SHA224
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4', // ecdsa-with-SHA512
  '1.3.101.112', // Ed25519
  '1.3.101.113', // Ed448
])

/** SHA-2 of 224 bits and more. */
export const strongDigestOids: ReadonlySet<string> = new Set([
  '2.16.840.1.101.3.4.2.1', // SHA-256
  '2.16.840.1.101.3.4.2.2',
  '2.16.840.1.101.3.4.2.3',
  '2.16.840.1.101.3.4.2.4', // SHA-224
])
