import { expect, it } from 'vitest'
import { checkDeviceRequest, clientIdsOf, IssuingError, validityOf } from './device-request.ts'

it.each([
  [{ clientId: '' }, 'the client id must have 1 to 64 characters, its number included'],
  [{ clientId: 'a'.repeat(63), count: 10 }, 'the client id must have 1 to 64 characters, its number included'],
  [{ clientId: 'a', sn: 'xyz' }, '"xyz" is no serial number: hex digits, not zero, at most 128'],
  [{ clientId: 'a', sn: '000' }, '"000" is no serial number: hex digits, not zero, at most 128'],
  [{ clientId: 'a', sn: '01', count: 2 }, 'one serial number cannot be given to several devices'],
  [{ clientId: 'a', registered: true, wrongCa: true }, 'a certificate of an unknown CA cannot be registered'],
  [{ clientId: 'a', validFrom: 2, validUntil: 1 }, 'the validity must begin before it ends'],
  [
    { clientId: 'a', validFrom: 2, validity: 'expired' as const },
    'a validity by name and one by times exclude each other',
  ],
])('refuses %j', (request, message) => {
  expect(() => checkDeviceRequest(request)).toThrow(new IssuingError(message))
})

it('numbers several devices from the first', () => {
  expect(clientIdsOf({ clientId: 'GID_a@@@b' })).toEqual(['GID_a@@@b'])
  expect(clientIdsOf({ clientId: 'x', count: 3, first: 9 })).toEqual(['x-9', 'x-10', 'x-11'])
})

it('puts a validity by name wholly before or after now', () => {
  const now = Date.UTC(2026, 5, 1)
  expect(validityOf({ clientId: 'a', validity: 'expired' }, now).validUntil).toBeLessThan(now)
  expect(validityOf({ clientId: 'a', validity: 'not-yet-valid' }, now).validFrom).toBeGreaterThan(now)
  expect(validityOf({ clientId: 'a', validFrom: 1 }, now)).toEqual({ validFrom: 1 })
})
