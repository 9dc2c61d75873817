import type { CaCertificate, Cause, DeviceCertificate, StatusChange } from '@apsaramq/model'
import type { CertificateFacts, PathVerdict } from '@apsaramq/pki'
import type { CaStatusRule } from './settings.ts'

/** A no, with the facts that decided it. */
export interface Refusal {
  cause: Cause
  message: string
  /** What MQTT 5 says of it, where that does not follow from the cause. */
  reasonCode?: number
  /** The call that decided it, where it was one. */
  requestId?: string
  accessKeyId?: string
  /** The CA that the certificate stands under, where one was found. */
  caSn?: string
  instanceId?: string
}

/** All that is known when a certificate is judged. */
export interface Evidence {
  presented:
    | { kind: 'none' }
    | { kind: 'unreadable'; detail: string }
    | { kind: 'certificate'; facts: CertificateFacts }
  /** Why server name, username and CA do not name one instance; undefined while they do. */
  conflict: string | undefined
  /** The registered CA that the certificate stands under, as far as there is one. */
  ca: CaCertificate | undefined
  /** What is registered under this CA by the serial number of the certificate. */
  device: DeviceCertificate | undefined
  /** What the path from the certificate to a registered CA amounts to; undefined without a registered CA. */
  path: PathVerdict<CaCertificate> | undefined
  /** The certificates between it and the CA on this path, as a record keeps them. */
  chain: readonly string[]
  /** What led on from a certificate that no registered CA has issued: nothing, what was sent, or what a resumption lost. */
  lead: 'none' | 'sent' | 'lost'
}

/**
 * What follows for the connection; `between` is when the first certificate between device and CA expires, Infinity
 * where there is none.
 */
export type Verdict =
  | { kind: 'refuse'; refusal: Refusal }
  | { kind: 'register'; ca: CaCertificate; facts: CertificateFacts; chain: readonly string[] }
  | { kind: 'admit'; ca: CaCertificate; device: DeviceCertificate; between: number; warning: string | undefined }

type Certified = Evidence & {
  presented: { kind: 'certificate'; facts: CertificateFacts }
  caStatus: CaStatusRule
}

/** A rule gives a refusal, or nothing where it has nothing against the connection. */
type Rule<E> = (evidence: E) => Refusal | undefined

const presentedRules: readonly Rule<Evidence>[] = [
  ({ presented }) =>
    presented.kind === 'none' ? no('no-certificate', 'the client presented no certificate') : undefined,
  ({ presented }) => (presented.kind === 'unreadable' ? no('certificate-unreadable', presented.detail) : undefined),
  ({ conflict }) => (conflict ? no('wrong-instance', conflict) : undefined),
]

// vendor: the order of "flow of the broker authenticating the client"; the first that applies decides
const certificateRules: readonly Rule<Certified>[] = [
  (evidence) => {
    const device = registered(evidence)
    return device?.status === 'inactive' ? deviceInactive(device) : undefined
  },
  (evidence) => (evidence.ca ? undefined : caUnknown(evidence)),
  (evidence) =>
    evidence.ca!.status === 'inactive' && (evidence.caStatus === 'strict' || !registered(evidence))
      ? caInactive(evidence.ca!, evidence.presented.facts, registered(evidence))
      : undefined,
  ({ path, presented }) =>
    path?.ok === false ? no(path.cause, `${nameOf(presented.facts)}: ${path.detail}`) : undefined,
  (evidence) =>
    evidence.device && !registered(evidence)
      ? no(
          'fingerprint-mismatch',
          `${nameOf(evidence.presented.facts)} has fingerprint ${evidence.presented.facts.fingerprint}, registered is ${evidence.device.fingerprint}`,
        )
      : undefined,
]

/**
 * Judges a certificate by the documented flow. Pure: what it is told is all it knows, and what it does not know it
 * refuses.
 */
export function judge(evidence: Evidence, caStatus: CaStatusRule): Verdict {
  const certified = { ...evidence, caStatus } as Certified // the first rules refuse what has no certificate
  const refusal = firstOf(presentedRules, evidence) ?? firstOf(certificateRules, certified)
  if (refusal) return { kind: 'refuse', refusal: { ...refusal, ...placeOf(evidence.ca) } }
  return accepted(certified)
}

/** Whether a refusal for an inactive CA rests on the strict rule: the documented one would have admitted the device. */
export function isRefusedByStrictRule({ presented, device }: Evidence, { cause }: Refusal): boolean {
  return cause === 'ca-inactive' && presented.kind === 'certificate' && isRecordOf(device, presented.facts)
}

function accepted(evidence: Certified): Verdict {
  const { ca, path, presented, chain } = evidence
  // unknown is deny: without a path that was found good there is no admission
  if (!ca || !path?.ok) {
    return { kind: 'refuse', refusal: no('chain-invalid', `the path of ${nameOf(presented.facts)} was not verified`) }
  }
  const device = registered(evidence)
  if (!device) return { kind: 'register', ca, facts: presented.facts, chain }
  // LIMITS A-03
  const warning =
    ca.status === 'inactive'
      ? `${nameOf(presented.facts)} is admitted, registered and active, although ${inactiveCaText(ca)}`
      : undefined
  return { kind: 'admit', ca, device, between: path.until, warning }
}

function firstOf<E>(rules: readonly Rule<E>[], evidence: E): Refusal | undefined {
  for (const rule of rules) {
    const refusal = rule(evidence)
    if (refusal) return refusal
  }
  return undefined
}

/** Where a refusal happened, as far as a CA was found. */
export function placeOf(ca: CaCertificate | undefined): Pick<Refusal, 'caSn' | 'instanceId'> {
  return ca ? { caSn: ca.sn, instanceId: ca.instanceId } : {}
}

/** The record of this very certificate: one of the same serial number but another fingerprint is not it. */
function registered({ device, presented }: Certified): DeviceCertificate | undefined {
  return isRecordOf(device, presented.facts) ? device : undefined
}

function isRecordOf(device: DeviceCertificate | undefined, { fingerprint }: CertificateFacts): boolean {
  return device?.fingerprint === fingerprint
}

function no(cause: Cause, message: string): Refusal {
  return { cause, message }
}

/** "device certificate 0a of CA 01 inactive since … by access key X, request R". */
export function deviceInactive(device: DeviceCertificate): Refusal {
  return {
    cause: 'device-inactive',
    message: `device certificate ${device.sn} of CA ${device.caSn} inactive${sinceText(device)}`,
    ...callOf(device),
  }
}

/** The call that a refusal names. */
export function callOf({
  statusChange,
}: {
  statusChange: StatusChange | null | undefined
}): Pick<Refusal, 'requestId' | 'accessKeyId'> {
  return statusChange ? { requestId: statusChange.requestId, accessKeyId: statusChange.accessKeyId } : {}
}

const leads = {
  none: '',
  sent: ', and the certificates sent with it lead to none',
  lost: ', and a resumed TLS session has lost what was sent with it: only a full handshake brings it again',
}

function caUnknown({ presented: { facts }, lead }: Certified): Refusal {
  return no('ca-unknown', `no registered CA is ${oneLine(facts.issuer)}, the issuer of ${nameOf(facts)}${leads[lead]}`)
}

function caInactive(ca: CaCertificate, facts: CertificateFacts, device: DeviceCertificate | undefined): Refusal {
  const standing = device ? 'is registered and active, but' : 'is not registered and'
  const strictly = device ? ', which is applied strictly' : ''
  const message = `${nameOf(facts)} ${standing} ${inactiveCaText(ca)}${strictly}`
  return { cause: 'ca-inactive', message, ...callOf(ca) }
}

/** The end of a live session whose CA has become inactive, under the strict rule. */
export function caOfLiveInactive(ca: CaCertificate): Refusal {
  return { cause: 'ca-inactive', message: `${inactiveCaText(ca)}, which is applied strictly`, ...callOf(ca) }
}

function inactiveCaText(ca: CaCertificate): string {
  return `CA ${ca.sn} is inactive${sinceText(ca)}`
}

function sinceText({ statusChange }: Pick<CaCertificate, 'statusChange'>): string {
  return statusChange ? ` since ${new Date(statusChange.at).toISOString()}${byText(statusChange)}` : ''
}

/** " by access key X, request R", or nothing where no call is known. */
export function byText(by: StatusChange | null | undefined): string {
  return by ? ` by access key ${by.accessKeyId}, request ${by.requestId}` : ''
}

function nameOf(facts: CertificateFacts): string {
  return `device certificate ${facts.sn}${facts.commonName ? ` (${facts.commonName})` : ''}`
}

/** Names are printed an attribute a line. */
function oneLine(name: string): string {
  return name.replaceAll('\n', ', ')
}
