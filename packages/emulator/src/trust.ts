import { X509Certificate } from 'node:crypto'
import { hostname } from 'node:os'
import { randomUuid } from '@apsaramq/model'
import {
  inspectCertificate,
  issueCa,
  issueServer,
  issueVerification,
  type IssuingDeps,
  type KeyAndCertificate,
} from '@apsaramq/pki'
import type { KeyStore } from './key-store.ts'

/** What the servers show and what devices come from. */
export interface Trust {
  /** Server certificate with its key; the certificate is followed by its CA's. */
  server: KeyAndCertificate
  /** PEM file of the CA that clients must trust. */
  caFile: string
  /** The device CA of the seed. */
  deviceCa: KeyAndCertificate
  /** PEM of the certificate that proves its registration; the common name is the register code. */
  verification: string
}

const serverCaName = 'server-ca'
const serverName = 'server'
const verificationName = 'seed-verification'
/** Name of the seed's device CA in the key store. */
export const seedCaName = 'seed-device-ca'
/** A server certificate nearer to its end than this is issued anew at start. */
const renewalMs = 7 * 24 * 3_600_000

/** The names a server certificate is valid for: this machine's, the vendor's, and the user's. */
export function certificateNames(regionId: string, extra: readonly string[]): string[] {
  return [
    'localhost',
    '127.0.0.1',
    '::1',
    hostname(),
    `onsmqtt.${regionId}.aliyuncs.com`,
    `onsmqtt-vpc.${regionId}.aliyuncs.com`,
    '*.mqtt.aliyuncs.com',
    ...extra,
  ].filter((name, at, all) => all.indexOf(name) === at)
}

async function loadOrMake(
  keys: KeyStore,
  name: string,
  make: () => Promise<KeyAndCertificate>,
): Promise<KeyAndCertificate> {
  const found = await keys.load(name)
  if (found) return found
  const made = await make()
  await keys.save(name, made)
  return made
}

function stillServes(pair: KeyAndCertificate, ca: KeyAndCertificate, names: readonly string[], now: number): boolean {
  const certificate = new X509Certificate(pair.certificate)
  const covers = (name: string) =>
    /^[\d.]+$|:/.test(name) ? certificate.checkIP(name) : certificate.checkHost(name.replace('*', 'any'))
  return (
    inspectCertificate(certificate).validUntil - now > renewalMs &&
    certificate.verify(new X509Certificate(ca.certificate).publicKey) &&
    names.every((name) => covers(name) !== undefined)
  )
}

async function serverCertificate(keys: KeyStore, ca: KeyAndCertificate, names: string[], deps: IssuingDeps) {
  const found = await keys.load(serverName)
  if (found && stillServes(found, ca, names, deps.clock.now())) return found
  const made = await issueServer({ ca, names }, deps)
  await keys.save(serverName, made)
  return made
}

/** Loads what is in the key store and makes what is missing or has run out; the CAs stay the same (features K5). */
export async function openTrust(keys: KeyStore, names: string[], deps: IssuingDeps): Promise<Trust> {
  const [serverCa, deviceCa] = await Promise.all([
    loadOrMake(keys, serverCaName, () => issueCa({ commonName: 'ApsaraMQ emulator server CA' }, deps)),
    loadOrMake(keys, seedCaName, () => issueCa({ commonName: 'ApsaraMQ emulator device CA' }, deps)),
  ])
  const [server, verification] = await Promise.all([
    serverCertificate(keys, serverCa, names, deps),
    loadOrMake(keys, verificationName, () => issueVerification({ ca: deviceCa, registerCode: code(deps) }, deps)),
  ])
  return {
    server: { key: server.key, certificate: `${server.certificate.trimEnd()}\n${serverCa.certificate}` },
    caFile: keys.certificateFile(serverCaName),
    deviceCa,
    verification: verification.certificate,
  }
}

/** A register code like those the API gives out. */
function code({ random }: IssuingDeps): string {
  return `${randomUuid(random)}000000000001`
}

/**
 * Forgets the CAs and the server certificate, so that the next {@link openTrust} makes new ones.
 *
 * @returns what puts the old ones back
 */
export async function renewTrust(keys: KeyStore): Promise<() => Promise<void>> {
  const names = [serverName, serverCaName, seedCaName, verificationName]
  const old = await Promise.all(names.map(async (name) => ({ name, pair: await keys.load(name) })))
  for (const name of names) await keys.remove(name)
  return async () => {
    for (const { name, pair } of old) await (pair ? keys.save(name, pair) : keys.remove(name))
  }
}
