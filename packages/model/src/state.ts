/** An Alibaba Cloud account: the owner of instances, and what the limit counts. */
export interface Account {
  /** 16 digits. */
  id: string
  name: string
}

/** The condition block of a statement: the values a key may have, by operator and key. */
export type PolicyConditions = Record<string, Record<string, string | string[]>>

/** A statement of a RAM policy (RAM, policy structure and syntax): it names its actions, or those it is not about. */
export type PolicyStatement = {
  Effect: 'Allow' | 'Deny'
  Resource: string | string[]
  Condition?: PolicyConditions
} & ({ Action: string | string[]; NotAction?: never } | { NotAction: string | string[]; Action?: never })

/** A RAM policy document, version "1". What comes from outside is checked before it becomes one. */
export interface PolicyDocument {
  Version: '1'
  Statement: PolicyStatement[]
}

/** The system policies of the product, shared with the vendor's other message queues. */
export const systemPolicyNames = [
  'AliyunMQFullAccess',
  'AliyunMQReadOnlyAccess',
  'AliyunMQPubOnlyAccess',
  'AliyunMQSubOnlyAccess',
] as const

/** The name of a system policy. */
export type SystemPolicyName = (typeof systemPolicyNames)[number]

/** A policy as it is attached to a user, a group or a role: a document, or the name of a system policy. */
export type AttachedPolicy = PolicyDocument | SystemPolicyName

/** A RAM user of an account. */
export interface User {
  id: string
  accountId: string
  name: string
  policies: AttachedPolicy[]
  /** Ids of the user groups it belongs to, whose policies count as its own. */
  groupIds?: string[]
}

/** A RAM user group of an account. */
export interface UserGroup {
  id: string
  accountId: string
  name: string
  policies: AttachedPolicy[]
}

/** A RAM role of an account: whoever has a token of it may do what its policies allow. */
export interface Role {
  id: string
  accountId: string
  name: string
  policies: AttachedPolicy[]
}

/** Whose permissions a security token has. */
export type TokenHolder = { kind: 'owner' } | { kind: 'user'; userId: string } | { kind: 'role'; roleId: string }

/** Temporary credentials (STS): an AccessKey pair of its own, good only with its token and until it expires. */
export interface SecurityToken {
  /** Begins with STS. */
  accessKeyId: string
  secret: string
  /** What a call gives as SecurityToken or x-acs-security-token. */
  token: string
  accountId: string
  holder: TokenHolder
  sessionName: string
  /** The session policy: an action must be allowed by it, too. */
  policy: PolicyDocument | null
  issuedAt: number
  expiresAt: number
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
  tags?: InstanceTag[]
}

/** A tag of an instance. */
export interface InstanceTag {
  key: string
  value: string
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
  /**
   * The certificates between it and its CA, its issuer first, likewise; absent where the CA issued it itself. A resumed
   * TLS session does not bring them again.
   */
  chain?: string[]
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
  /** The call that deleted it; a tombstone of an earlier version lacks it. */
  by?: StatusChange
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
