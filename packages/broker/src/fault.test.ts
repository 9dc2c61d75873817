import { expect, test } from 'vitest'
import { faultIn, malformed, orFault, PacketFault } from './fault.ts'

test('tells a packet that is at fault from a reader that is', () => {
  const fault = malformed('PUBLISH is cut short')
  const atFault = () => {
    throw new PacketFault(fault)
  }
  expect(faultIn(atFault)).toEqual({ message: 'PUBLISH is cut short', reasonCode: 0x81 })
  expect(orFault(atFault)).toBeInstanceOf(PacketFault)
  expect(faultIn(() => undefined)).toBeUndefined()
  expect(orFault(() => 1)).toBe(1)
  expect(() => faultIn(() => Buffer.alloc(1).readUInt16BE(0))).toThrow(RangeError)
})
