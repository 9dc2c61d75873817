import { forbidden, malformed, PacketFault, reasonCode, type Fault } from './fault.ts'
import type { Fields } from './fields.ts'
import { readProperties } from './mqtt5/properties.ts'
import { filterFault } from './topic-fault.ts'

/** aedes stores all filters of a packet once for each of them. LIMITS A-60 */
const maxFilters = 256
const tooManyFilters: Fault = {
  message: `a packet with more than ${maxFilters} filters`,
  reasonCode: reasonCode.quotaExceeded,
  assumption: 'A-60',
}

const qosBits = 0b11
const noLocalBit = 0b100
const retainHandlingBits = 0b11_0000
const reservedBits = 0b1100_0000

/** Reads a SUBSCRIBE or an UNSUBSCRIBE. @throws {PacketFault} at whatever is wrong with it */
export function checkFilters(packet: 'SUBSCRIBE' | 'UNSUBSCRIBE', fields: Fields, level: number): void {
  if (fields.number() === 0) throw new PacketFault(forbidden('packet identifier 0')) // [MQTT-2.3.1-1]
  if (level === 5) readProperties(fields, packet)
  if (fields.isAtEnd) throw new PacketFault(forbidden(`${packet} without a filter`)) // [MQTT-3.8.3-3], [MQTT-3.10.3-2]
  for (let count = 1; !fields.isAtEnd; count += 1) {
    if (count > maxFilters) throw new PacketFault(tooManyFilters)
    const filter = fields.text('filter')
    const fault =
      filterFault(filter) ?? (packet === 'SUBSCRIBE' ? optionsFault(filter, fields.byte(), level) : undefined)
    if (fault) throw new PacketFault(fault)
  }
}

function optionsFault(filter: string, options: number, level: number): Fault | undefined {
  if (level < 5) return options > 2 ? malformed('a filter with a QoS over 2') : undefined // [MQTT-3.8.3-4]
  if (options & reservedBits) return malformed('a filter with reserved options') // 5.0 [MQTT-3.8.3-5]
  if ((options & qosBits) > 2) return forbidden('a filter with a QoS over 2') // 5.0 §3.8.3.1
  if ((options & retainHandlingBits) === retainHandlingBits) return forbidden('a filter with retain handling 3')
  if (options & noLocalBit && filter.startsWith('$share/')) return forbidden('a shared subscription with no local') // 5.0 [MQTT-3.8.3-4]
  return undefined
}
