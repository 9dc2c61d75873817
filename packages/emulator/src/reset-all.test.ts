import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock, systemClock, systemRandom, type DeviceCertificate, type LogEntry } from '@apsaramq/model'
import { createMemoryStore, purgeDeletedCas, StoreUnavailableError, type Store } from '@apsaramq/store'
import { signedClient } from '@apsaramq/testkit/http'
import { afterEach, describe, expect, it } from 'vitest'
import { createAssumptionLedger } from './assumption-ledger.ts'
import { configure } from './configure.ts'
import { createEmulator, type Emulator } from './create-emulator.ts'
import { openKeyStore } from './key-store.ts'
import { createRecorder } from './recorder.ts'
import { resetAll, type ResetParts } from './reset-all.ts'
import { builtInSeed } from './seed/seed-file.ts'
import { seedIfEmpty } from './seeding.ts'
import { makeBroker, makeControlPlane, type Shared } from './services.ts'
import { openTrust } from './trust.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** What a reset reaches, over a store that a test can make fail. */
async function stage() {
  const directory = mkdtempSync(join(tmpdir(), 'reset-all-'))
  closers.push(async () => rmSync(directory, { recursive: true }))
  const memory = createMemoryStore()
  const disk = { fails: false }
  const store: Store = Object.assign(Object.create(memory) as Store, {
    read: memory.read,
    sessions: memory.sessions,
    transact: memory.transact.bind(memory),
    subscribe: memory.subscribe.bind(memory),
    onReset: memory.onReset.bind(memory),
    isEmpty: memory.isEmpty.bind(memory),
    async reset(records: Parameters<Store['reset']>[0]) {
      if (disk.fails) throw new StoreUnavailableError('the disk is full')
      await memory.reset(records)
    },
  })
  const logged: LogEntry[] = []
  const clock = systemClock
  const shared: Shared = {
    settings: configure().settings,
    clock,
    random: systemRandom,
    seed: builtInSeed,
    recorder: createRecorder(clock, (entry) => logged.push(entry)),
    ledger: createAssumptionLedger(),
  }
  const keys = await openKeyStore(join(directory, 'pki'))
  const state = { directory, store, keys, close: () => store.close() }
  const trust = await openTrust(keys, ['localhost'], shared)
  await seedIfEmpty(state, trust, shared)
  const controlPlane = makeControlPlane(store, shared)
  const broker = await makeBroker(store, trust, shared)
  const apps = { api: controlPlane.createApp(), apiTls: controlPlane.createApp() }
  closers.push(
    () => broker.close(),
    () => apps.api.close(),
    () => apps.apiTls.close(),
  )
  const parts: ResetParts = {
    state,
    names: ['localhost'],
    shared,
    services: { controlPlane, broker, apps },
    onSeeded: async () => undefined,
  }
  return { parts, store, disk, logged, trust, api: apps.api }
}

describe('a reset', () => {
  it('G4: that the disk does not take leaves what was stored, the CAs too, says so, and lets calls in again', async () => {
    const { parts, store, disk, logged, trust, api } = await stage()
    await store.transact((tx) => tx.accounts.put({ id: '1000000000000099', name: 'made since' }))
    disk.fails = true
    const ca = readFileSync(trust.caFile, 'utf8')
    await expect(resetAll({ to: 'seed', trust: 'renew' }, parts)).rejects.toThrow('the disk is full')
    expect(await store.read.accounts.get('1000000000000099')).toBeDefined()
    expect(readFileSync(trust.caFile, 'utf8')).toBe(ca)
    expect(logged.filter(({ kind }) => kind === 'warn').map(({ message }) => message)).toEqual([
      'the reset has failed: the disk is full',
    ])
    expect((await api.inject('/?Action=Nothing')).json()).toMatchObject({ Code: expect.any(String) as unknown })

    disk.fails = false
    await resetAll({ to: 'seed', trust: 'renew' }, parts)
    expect(await store.read.accounts.get('1000000000000099')).toBeUndefined()
    expect(readFileSync(trust.caFile, 'utf8')).not.toBe(ca)
  })

  it('G4: while a deleted CA is purged leaves neither its devices nor its tombstone, and the purge ends', async () => {
    const { parts, store } = await stage()
    const [ca] = (await store.read.caCertificates.list('all', '', 0, 1)).records
    const device = (sn: string): DeviceCertificate => ({
      caId: ca!.id,
      instanceId: ca!.instanceId,
      caSn: ca!.sn,
      sn,
      name: '',
      status: 'active',
      certificate: '',
      fingerprint: sn,
      validFrom: 0,
      validUntil: 1,
      registeredAt: 0,
      statusChange: null,
    })
    await store.transact((tx) => {
      for (let at = 1; at <= 500; at += 1) tx.deviceCertificates.put(device(at.toString(16)))
    })
    const troubles: string[] = []
    const purge = purgeDeletedCas(store, {
      clock: manualClock(),
      sliceSize: 10,
      onTrouble: (told) => troubles.push(told),
    })
    closers.push(async () => purge.stop())
    const begun = new Promise<void>((resolve) => {
      const stop = store.subscribe(({ collection, after }) => {
        if (collection !== 'deviceCertificates' || after) return
        stop()
        resolve()
      })
    })
    await store.transact((tx) => {
      tx.caCertificates.delete(`${ca!.instanceId}/${ca!.sn.replace(/^0+/, '')}`)
      tx.caTombstones.put({ caId: ca!.id, deletedAt: 0 })
    })
    await begun
    expect(await store.read.deviceCertificates.count('byCa', ca!.id)).toBeGreaterThan(0)
    await resetAll({ to: 'seed', trust: 'keep' }, parts)
    expect(await store.read.deviceCertificates.count('byCa', ca!.id)).toBe(0)
    expect(await store.read.caTombstones.count('all', '')).toBe(0)
    expect((await store.read.caCertificates.list('all', '', 0, 2)).records).toMatchObject([{ sn: ca!.sn }])
    expect(troubles).toEqual([])
  })
})

async function start(limit: number): Promise<Emulator> {
  const ports = { apiPort: 0, apiTlsPort: 0, mqttsPort: 0, managementPort: 0 }
  const emulator = await createEmulator({ settings: { ...ports, ephemeral: true, limit } })
  closers.push(() => emulator.close())
  return emulator
}

describe('resets of a running emulator', () => {
  it('G4: asked for at once run one after another, and the last one counts', async () => {
    const { endpoints, reset } = await start(500)
    const { management } = endpoints
    const cas = async () =>
      ((await (await fetch(`${management}/cas`)).json()) as { cas: { registered: boolean }[] }).cas
    await Promise.all([reset(), reset({ to: 'empty' }), reset(), reset({ to: 'empty' })])
    expect((await cas()).map(({ registered }) => registered)).toEqual([false])
    await Promise.all([reset({ to: 'empty' }), reset()])
    expect((await cas()).map(({ registered }) => registered)).toEqual([true])
  })

  it('G4: forget the calls that were counted and the nonces that were used', async () => {
    const { endpoints, reset } = await start(1)
    const client = signedClient({ ...endpoints, endpoint: endpoints.api })
    closers.push(async () => client.close())
    const parameters = { MqttInstanceId: endpoints.instanceId }
    const request = client.prepare('GetRegisterCode', parameters)
    expect((await client.send(request)).status).toBe(200)
    expect((await client.send(request)).body).toMatchObject({ Code: 'SignatureNonceUsed' })
    expect((await client.call('GetRegisterCode', parameters)).body).toMatchObject({ Code: 'Throttling.User' })
    await reset()
    expect((await client.send(request)).status).toBe(200)
    expect((await client.send(request)).body).toMatchObject({ Code: 'SignatureNonceUsed' })
  })
})
