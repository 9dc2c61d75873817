import { describe, expect, test } from 'vitest'
import { check } from './testing/check.ts'
import { observer, type Attempt, type History, type Message, type Setting, type Step } from './testing/history.ts'

const drop: Setting = { liveSessions: { kind: 'drop' }, rejectAt: 'cut', caStatus: 'documented' }
const keep: Setting = { ...drop, liveSessions: { kind: 'keep' } }
const delay: Setting = { ...drop, liveSessions: { kind: 'delay', delayMs: 1000 } }
const connack: Setting = { ...drop, rejectAt: 'connack' }
const strict: Setting = { ...drop, caStatus: 'strict' }

type Status = 'active' | 'inactive' | undefined

function step(
  at: number,
  device: Status,
  { ca = 'active' as Status, caId = 'ca-1', by = at === 0 ? 'nobody' : 'write' } = {},
): Step {
  return { at, standing: { caId: ca && caId, ca, device }, by }
}

/** Admitted at 12, told so at 15, sent home at 90. */
function attempt(change: Partial<Attempt> = {}): Attempt {
  return {
    name: 'one',
    certificate: 'A0',
    clientId: 'id',
    via: 'mqtts',
    call: 10,
    secured: 11,
    connecting: 11,
    end: 15,
    outcome: 'admitted',
    connack: 0,
    left: 90,
    closed: 92,
    alive: 80,
    session: { id: 'session', caId: 'ca-1', begun: 12, ended: 91 },
    logged: { at: 91, kind: 'disconnect', cause: undefined, named: true },
    ...change,
  }
}

/** Cut at 14 for what the log says. */
function refused(cause: NonNullable<Attempt['logged']>['cause'], change: Partial<Attempt> = {}): Attempt {
  const logged = { at: 14, kind: 'refuse' as const, cause, named: true }
  const nothing = { connack: undefined, left: undefined, alive: undefined, session: undefined }
  return attempt({ outcome: 'refused', ...nothing, closed: 15, logged, ...change })
}

/** Live from 12 until it is dropped at 31. */
function dropped(cause: NonNullable<Attempt['logged']>['cause'], change: Partial<Attempt> = {}): Attempt {
  const session = { id: 'session', caId: 'ca-1', begun: 12, ended: 32 }
  const logged = { at: 31, kind: 'drop' as const, cause, named: true }
  return attempt({ left: undefined, alive: undefined, closed: 40, session, logged, ...change })
}

function message(change: Partial<Message> = {}): Message {
  const heard = [{ by: observer, at: 25 }]
  return { name: 'word', attempt: 'one', kind: 'qos1', written: 20, notBefore: 20, acked: 24, heard, ...change }
}

/** The status changes at 30, called at 28 and answered at 34. */
function history(steps: Step[], attempts: Attempt[], change: Partial<History> = {}): History {
  return {
    setting: drop,
    certificates: { A0: steps },
    writes: [{ name: 'write', call: 28, answer: 34, sessions: [], sockets: [] }],
    attempts,
    messages: [],
    clock: [{ at: 0, now: 0 }],
    unwarned: [],
    strays: [],
    ...change,
  }
}

const active = step(0, 'active')
const inactive = step(0, 'inactive')
const unregistered: Step = { ...active, standing: { caId: undefined, ca: undefined, device: undefined } }
const inactivation = step(30, 'inactive')
const heardBeyond = [{ by: observer, at: 50 }]

describe('nothing is said against a history', () => {
  test.each<[what: string, History]>([
    ['of a session that comes and goes', history([active], [attempt()], { messages: [message()] })],
    ['of a session that an inactivation drops', history([active, inactivation], [dropped('device-inactive')])],
    ['of a client refused while its certificate is inactive', history([inactive], [refused('device-inactive')])],
    [
      'of a client refused while its certificate is being activated',
      history([inactive, step(13, 'active', { by: 'other' })], [refused('device-inactive')]),
    ],
    [
      'of a message on its way when the line is drawn',
      history([active, inactivation], [dropped('device-inactive')], {
        messages: [message({ notBefore: 29, heard: heardBeyond })],
      }),
    ],
    ['of a session kept', history([active, inactivation], [attempt()], { setting: keep })],
    [
      'of an inactivation taken back in time',
      history([active, inactivation, step(33, 'active')], [attempt()], { setting: delay }),
    ],
    ['of a registered device of an inactive CA', history([step(0, 'active', { ca: 'inactive' })], [attempt()])],
    [
      'of a certificate that its first CONNECT registers',
      history([step(0, undefined), { ...step(11, 'active'), by: undefined }], [attempt()]),
    ],
    [
      'of a client id that another certificate takes over',
      history(
        [active],
        [
          dropped('session-taken-over', {
            logged: { at: 31, kind: 'disconnect', cause: 'session-taken-over', named: true },
          }),
          attempt({ name: 'two', call: 29, end: 36, session: { id: 'newer', caId: 'ca-1', begun: 33, ended: 91 } }),
        ],
      ),
    ],
  ])('%s', (_, wanted) => {
    expect(check(wanted)).toEqual([])
  })
})

describe('C11: a history is found wrong', () => {
  test.each<[rule: string, says: string, History]>([
    [
      'only an active certificate is admitted',
      'one was admitted at 12, where A0 comes to device-inactive since 0',
      history([inactive], [attempt()], { setting: keep }),
    ],
    [
      'only an active certificate is admitted',
      'one was admitted at 12, where A0 comes to register since 0',
      history([step(0, undefined)], [attempt()], { setting: keep }),
    ],
    [
      'only an active certificate is admitted',
      'one was admitted at 12, where A0 comes to ca-inactive since 0',
      history([step(0, 'active', { ca: 'inactive' })], [attempt()], { setting: strict }),
    ],
    [
      'only an active certificate is admitted',
      'one got a CONNACK and has no session',
      history([active], [attempt({ session: undefined, logged: undefined })]),
    ],
    [
      'an active certificate is always admitted',
      'one was refused between 10 and 15, where A0 was never kept out',
      history([active, inactivation], [refused('device-inactive')]),
    ],
    [
      'a refusal names what was so at the time',
      'one was refused at 14 for device-inactive, where A0 comes to ca-unknown',
      history([unregistered], [refused('device-inactive')]),
    ],
    [
      'a refusal names what was so at the time',
      'one was refused and the log does not say why',
      history([inactive], [refused(undefined, { logged: undefined })]),
    ],
    [
      'a refused client is told as the setting says',
      'one was refused without a CONNACK under connack',
      history([inactive], [refused('device-inactive')], { setting: connack }),
    ],
    [
      'a refused client is told as the setting says',
      'one was refused with a CONNACK under cut',
      history([inactive], [refused('device-inactive', { connack: 5 })]),
    ],
    [
      'only an unknown certificate of an active CA is registered',
      'A0 was registered at 11, where it comes to ca-inactive',
      history(
        [step(0, undefined, { ca: 'inactive' }), { ...step(11, 'active', { ca: 'inactive' }), by: undefined }],
        [attempt()],
      ),
    ],
    [
      'only an unknown certificate of an active CA is registered',
      'A0 was registered at 40, and nobody was connecting',
      history([step(0, undefined), { ...step(40, 'active'), by: undefined }], []),
    ],
    [
      'a commit lies between its call and its answer',
      'write was committed at 36, called at 28 and answered at 34',
      history([active, step(36, 'inactive')], []),
    ],
    [
      'an answered revocation has ended the sessions and their sockets',
      'one, revoked at 30 by write, had its session at the answer, 34',
      history([active, inactivation], [dropped('device-inactive')], {
        writes: [{ name: 'write', call: 28, answer: 34, sessions: ['session'], sockets: [] }],
      }),
    ],
    [
      'an answered revocation has ended the sessions and their sockets',
      'one, revoked at 30 by write, had its socket open at the answer, 34',
      history([active, inactivation], [dropped('device-inactive')], {
        writes: [{ name: 'write', call: 28, answer: 34, sessions: [], sockets: ['one'] }],
      }),
    ],
    [
      'an answered inactivation has ended the sockets that are still to send CONNECT',
      'one waited when write was committed at 30, and had its socket open at its answer',
      history([active, inactivation], [refused('device-inactive', { connecting: 38, end: 45 })], {
        writes: [{ name: 'write', call: 28, answer: 34, sessions: [], sockets: ['one'] }],
      }),
    ],
    [
      'no session that was revoked is left',
      'one, revoked at 30, was alive at 80',
      history([active, inactivation, step(50, 'active', { by: 'other' })], [attempt()]),
    ],
    [
      'no session that was revoked is left',
      'one, revoked at 30, was alive at 80',
      history([active, inactivation], [attempt()], { setting: delay }),
    ],
    [
      'a session ends for what was so',
      'one, admitted at 12, was ended at 31 for device-inactive',
      history([active], [dropped('device-inactive')]),
    ],
    [
      'a session ends for what was so',
      'one, admitted at 12, was ended at 31 for device-deleted',
      history([active, inactivation], [dropped('device-deleted')]),
    ],
    [
      'a session ends for what was so',
      'one, admitted at 12, was ended at 31 for device-inactive',
      history([active, inactivation], [dropped('device-inactive')], { setting: keep }),
    ],
    [
      'a session ends for what was so',
      'one, admitted at 12, was ended at 31 for device-inactive',
      history([active, inactivation], [dropped('device-inactive')], { setting: delay }),
    ],
    [
      'a session ends for what was so',
      'one, admitted at 12, was ended at 31 for session-taken-over by nobody',
      history([active], [dropped('session-taken-over')]),
    ],
    [
      'a session ends for what was so',
      'one has ended and the log does not say how',
      history([active], [attempt({ logged: undefined })]),
    ],
    [
      'a session ends for what was so',
      'one, admitted at 12, was ended at 91 for undefined, and had not left',
      history([active], [attempt({ left: undefined })]),
    ],
    [
      'nothing that was not accepted before the line is forwarded',
      'word of one, accepted 31 or later, was heard at 50: the line is 30',
      history([active, inactivation], [dropped('device-inactive')], {
        messages: [message({ notBefore: 31, acked: undefined, heard: heardBeyond })],
      }),
    ],
    [
      'nothing that was not accepted before the line is forwarded',
      'word of one, accepted 20 or later, was heard at 25: the line is 0',
      history([inactive], [refused('device-inactive')], { messages: [message({ acked: undefined })] }),
    ],
    [
      'nothing that was not accepted before the line is acknowledged',
      'word of one, accepted 31 or later, was acknowledged at 33: the line is 30',
      history([active, inactivation], [dropped('device-inactive')], {
        messages: [message({ kind: 'qos0', notBefore: 31, acked: 33, heard: [] })],
      }),
    ],
    [
      'what was acknowledged is delivered',
      'word of one was acknowledged at 24 and never heard',
      history([active], [attempt()], { messages: [message({ heard: [{ by: 'two', at: 25 }] })] }),
    ],
    [
      'nothing is delivered to a session beyond the line',
      'one heard word, written at 35, at 36: its line is 30',
      history([active, inactivation], [dropped('device-inactive')], {
        messages: [message({ attempt: observer, written: 35, acked: undefined, heard: [{ by: 'one', at: 36 }] })],
      }),
    ],
    [
      'the will of a revoked session is not published',
      'word of one, which was revoked, was heard at 50',
      history([active, inactivation], [dropped('device-inactive')], {
        messages: [message({ kind: 'will', acked: undefined, heard: heardBeyond })],
      }),
    ],
    [
      'what was deleted comes back with a warning',
      'A0, deleted before, was registered again at 11 without a warning',
      history([active], [], { unwarned: [{ certificate: 'A0', at: 11 }] }),
    ],
    [
      'every end in the log is that of an attempt',
      'nobody was ended',
      history([active], [], { strays: ['nobody was ended'] }),
    ],
  ])('%s: %s', (rule, says, wrong) => {
    expect(check(wrong)).toContainEqual({ rule, says })
  })
})
