/** An Alibaba Cloud account: the owner of instances, and what the limit counts. */
export interface Account {
  /** 16 digits. */
  id: string
  name: string
}

/** A statement of a RAM policy (RAM, policy structure and syntax). */
export interface PolicyStatement {
  Effect: 'Allow' | 'Deny'
  Action: string | string[]
  Resource: string | string[]
}

/** A RAM policy document, version "1". */
export interface PolicyDocument {
  Version: '1'
  Statement: PolicyStatement[]
}

/** A RAM user of an account. */
export interface User {
  id: string
  accountId: string
  name: string
  policies: PolicyDocument[]
}

/** An AccessKey pair; without `userId` it is the account owner's. */
export interface AccessKey {
  id: string
  secret: string
  accountId: string
  userId: string | null
  status: 'active' | 'inactive'
}

/** Edition of an instance; which operations it has depends on it. */
export type Edition = 'platinum' | 'professional'

/** A broker of an account. */
export interface Instance {
  /** For example post-cn-emulator001. */
  id: string
  accountId: string
  regionId: string
  name: string
  edition: Edition
  /** Whether clients present a certificate (mutual) or only the server does. */
  tls: 'mutual' | 'one-way'
  createdAt: number
}

/** A group: the first half of the client ids that may connect. */
export interface Group {
  instanceId: string
  id: string
  createdAt: number
}

/** A parent topic. */
export interface Topic {
  instanceId: string
  name: string
  createdAt: number
}

/** A registration code, given out once for one CA certificate. */
export interface RegisterCode {
  code: string
  instanceId: string
  issuedAt: number
  /** Wall-clock milliseconds, null while unused. */
  usedAt: number | null
}

/** "1" and "0" of the API. */
export type CertificateStatus = 'active' | 'inactive'

/** Who changed a status, when, and by which request. */
export interface StatusChange {
  at: number
  accessKeyId: string
  requestId: string
}

/** A registered CA certificate. */
export interface CaCertificate {
  /** Unique to this registration: a CA registered again after deletion has another. */
  id: string
  instanceId: string
  regionId: string
  /** As the API shows it. */
  sn: string
  name: string
  status: CertificateStatus
  /** PEM, as registered. */
  certificate: string
  /** PEM of the verification certificate. */
  verification: string
  registerCode: string
  /** SHA-256 of the DER, lower-case hex. */
  fingerprint: string
  /** Subject as OpenSSL prints it, one attribute a line: what an issuer is matched by. */
  subject: string
  validFrom: number
  validUntil: number
  registeredAt: number
  /** The last change of status by an API call. */
  statusChange: StatusChange | null
}

/** A device certificate, registered at its first accepted CONNECT. */
export interface DeviceCertificate {
  /** The registration of the CA it stands under ({@link CaCertificate.id}). */
  caId: string
  instanceId: string
  caSn: string
  /** As the API shows it. */
  sn: string
  /** Common name of the subject; empty where it has none. */
  name: string
  status: CertificateStatus
  /** Base64 of the DER, without line breaks. */
  certificate: string
  /** SHA-256 of the DER, lower-case hex. */
  fingerprint: string
  validFrom: number
  validUntil: number
  registeredAt: number
  /** The last change of status by an API call. */
  statusChange: StatusChange | null
}

/** A deleted CA whose device certificates are still being purged. */
export interface CaTombstone {
  /** {@link CaCertificate.id} of the deleted CA. */
  caId: string
  deletedAt: number
}

/** A live MQTT session; ephemeral, never on disk. */
export interface Session {
  /** Unique to this connection. */
  id: string
  instanceId: string
  clientId: string
  caId: string | null
  caSn: string | null
  deviceSn: string | null
  fingerprint: string | null
  protocol: 'mqtt3.1' | 'mqtt3.1.1' | 'mqtt5'
  transport: 'mqtts' | 'wss' | 'mqtt' | 'ws'
  tlsVersion: string | null
  /** Whether the TLS session was resumed. */
  resumed: boolean
  remoteAddress: string
  connectedAt: number
}
