import { BlockList, isIP, type IPVersion } from 'node:net'

const mappedPrefix = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/** An address without a zone, an IPv4 address that is written as an IPv6 one (RFC 4291 §2.5.5.2) as itself. */
export function plainAddress(address: string): string {
  return address.replace(/%.*$/, '').replace(mappedPrefix, '')
}

const familyOf = (address: string): IPVersion => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/**
 * Reads an address or a CIDR block of either family; undefined when the text is neither.
 *
 * @returns whether a {@link plainAddress} lies in it
 */
export function parseAddressBlock(text: string): ((address: string) => boolean) | undefined {
  const [, written = '', slash, digits] = /^([\da-fA-F:.]+)(\/(\d{1,3}))?$/.exec(text) ?? []
  const base = plainAddress(written)
  const bits = isIP(base) === 6 ? 128 : 32
  const unmapped = base === written ? 0 : 96
  const prefix = slash === undefined ? bits : Number(digits) - unmapped
  if (isIP(base) === 0 || prefix < 0 || prefix > bits) return undefined
  const block = new BlockList()
  block.addSubnet(base, prefix, familyOf(base))
  return (address) => isIP(address) === isIP(base) && block.check(address, familyOf(address))
}
