import { serialNumberKey } from '@apsaramq/model'
import {
  inspectCertificate,
  issueCa,
  type CertificateFacts,
  type IssuingDeps,
  type KeyAndCertificate,
  type KeyType,
} from '@apsaramq/pki'
import { checkSerialNumber, IssuingError } from './device-request.ts'
import type { KeyStore } from './key-store.ts'
import { seedCaName } from './trust.ts'

/** A CA whose key the emulator holds. */
export interface HeldCa {
  sn: string
  commonName: string
  keyType: CertificateFacts['keyType']
  fingerprint: string
  /** PEM. */
  certificate: string
}

/** The CAs of a key store. */
export interface HeldCas {
  list(): Promise<HeldCa[]>
  /** @throws {IssuingError} when the emulator holds one of this serial number already */
  create(request: { commonName: string; keyType?: KeyType; sn?: string }): Promise<HeldCa>
  /** The key pair of a CA; the seed's unless a serial number is told. @throws {IssuingError} where none has it */
  pairOf(sn?: string): Promise<KeyAndCertificate>
}

const prefix = 'ca-'

function describe({ certificate }: KeyAndCertificate): HeldCa {
  const { sn, commonName, keyType, fingerprint } = inspectCertificate(certificate)
  return { sn, commonName, keyType, fingerprint, certificate }
}

/** Opens the CAs of a key store. */
export function openHeldCas(keys: KeyStore, deps: IssuingDeps): HeldCas {
  const pairs = async () => {
    const names = [seedCaName, ...(await keys.names(prefix))]
    return (await Promise.all(names.map((name) => keys.load(name)))).filter((pair) => pair !== undefined)
  }
  const find = async (sn: string) =>
    (await pairs()).find((pair) => serialNumberKey(describe(pair).sn) === serialNumberKey(sn))
  return {
    list: async () => (await pairs()).map(describe),
    async create(request) {
      if (request.sn !== undefined) {
        checkSerialNumber(request.sn)
        if (await find(request.sn))
          throw new IssuingError(`the emulator holds a CA with the serial number ${request.sn} already`)
      }
      const pair = await issueCa(request, deps)
      const held = describe(pair)
      await keys.save(`${prefix}${serialNumberKey(held.sn)}`, pair)
      return held
    },
    async pairOf(sn) {
      const found = sn === undefined ? (await pairs())[0] : await find(sn)
      if (!found) throw new IssuingError(`the emulator holds no CA with the serial number ${sn}`)
      return found
    },
  }
}
