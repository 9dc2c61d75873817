import type { Client, ConnectPacket } from 'aedes'
import { expect, test } from 'vitest'
import type { Connection } from './connection.ts'
import { createHooks, type Guest } from './hooks.ts'
import { SessionIndex } from './sessions.ts'

/** What `preConnect` makes of a CONNECT with this keep alive, and what it answers. */
function connectWith(keepalive: number, strict: boolean, ending?: Connection['ending']) {
  const connection = { ending, admitted: { session: { clientId: 'GID_demo@@@1' } } } as Connection // all it looks at
  const guest: Guest = { connection, filters: undefined }
  const hooks = createHooks({
    strict,
    assume: () => undefined,
    guestOf: () => guest,
    granted: new WeakSet(),
    wills: new SessionIndex(),
    rules: { publish: () => undefined, subscribe: () => undefined },
    end: () => undefined,
    warn: () => undefined,
  })
  const packet: ConnectPacket = { cmd: 'connect', clientId: '', keepalive }
  const answers: unknown[] = []
  hooks.preConnect({} as Client, packet, (error, isAccepted) => answers.push(error?.message ?? isAccepted))
  return { clientId: packet.clientId, keepalive: packet.keepalive, answers }
}

test.each([
  [65_535, true, 480],
  [480, true, 480],
  [60, true, 60],
  [0, true, 0],
  [65_535, false, 65_535],
])('C16: a keep alive of %i s, strict %s, is held at %i', (asked, strict, held) => {
  expect(connectWith(asked, strict)).toEqual({ clientId: 'GID_demo@@@1', keepalive: held, answers: [true] })
})

test('a connection that has been ended since its admission is refused with an error', () => {
  const { answers } = connectWith(60, true, { cause: 'device-inactive', message: 'inactive' })
  expect(answers).toEqual(['nothing of this connection is accepted any more'])
})
