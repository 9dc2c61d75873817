import { expect, test } from 'vitest'
import type { CertificateLife } from './certificate-life.ts'
import { certificateSays } from './certificate-says.ts'
import type { LifecycleEvent } from './lifecycle-event.ts'

const by = { at: 1000, accessKeyId: 'LTAI', requestId: 'R-1' }
const at = (what: LifecycleEvent['what'], more: Partial<LifecycleEvent> = {}): LifecycleEvent => ({
  what,
  n: 1,
  at: 1000,
  lastAt: 1000,
  count: 1,
  ...more,
})

function life(status: CertificateLife['status'], events: LifecycleEvent[], changed = true): CertificateLife {
  const record = { registeredAt: 0, statusChange: changed ? by : null } as NonNullable<CertificateLife['record']> // what is read of it
  return {
    kind: 'device',
    sn: '0a',
    caSn: '01',
    instanceId: 'i',
    fingerprint: 'f',
    status,
    validity: 'valid',
    record: status === 'active' || status === 'inactive' ? record : null,
    sessions: [],
    timeline: { events, lost: 0 },
  }
}

const second = '1970-01-01T00:00:01.000Z'
const call = 'by access key LTAI, request R-1'

test.each<[string, CertificateLife, string]>([
  ['changed', life('inactive', []), `device certificate 0a is inactive since ${second} ${call}`],
  [
    'unchanged',
    life('active', [], false),
    'device certificate 0a is active since its registration at 1970-01-01T00:00:00.000Z',
  ],
  ['deleted', life('deleted', [at('deleted', { by })]), `device certificate 0a was deleted at ${second} ${call}`],
  ['gone with its CA', life('deleted', [at('registered')]), 'device certificate 0a was deleted with its CA'],
  ['never registered', life('never-registered', [at('refused')]), 'device certificate 0a was never registered'],
  [
    'resurrected',
    life('active', [at('deleted', { by }), at('resurrected', { statusBefore: 'inactive', at: 2000 })], false),
    `device certificate 0a is active since its registration at 1970-01-01T00:00:00.000Z; it was deleted at ${second} ${call}, inactive by then, and came back active at 1970-01-01T00:00:02.000Z`,
  ],
])('C15: what is said of a certificate that is %s', (_what, of, says) => {
  expect(certificateSays(of)).toBe(says)
})
