import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { filesThatRemember, forgottenMemories, remembered } from './remembered.ts'

const root = dirname(import.meta.dirname)

test('G4: a reset reaches everything that remembers, or the table says why not', () => {
  expect(forgottenMemories(filesThatRemember(root), remembered)).toEqual([])
})

test('G4: a new memory and one that is gone are told', () => {
  expect(forgottenMemories(['new.ts'], { 'old.ts': { reset: 'x' } })).toEqual([
    'new.ts: remembers something: say in scripts/remembered.ts what a reset does about it',
    'scripts/remembered.ts: old.ts remembers nothing any more, or is gone',
  ])
})

test('G4: what the table says is put back with the store listens to its reset', () => {
  const listening = Object.entries(remembered).filter(([, fate]) => 'reset' in fate && fate.reset === 'store.onReset')
  expect(listening.length).toBeGreaterThan(0)
  const deaf = listening.filter(([path]) => !readFileSync(join(root, path), 'utf8').includes('.onReset('))
  expect(deaf.map(([path]) => path)).toEqual([])
})

test('G4: a reset runs each of the other means that the table names', () => {
  const reset = readFileSync(join(root, 'packages/emulator/src/reset-all.ts'), 'utf8')
  const means = Object.values(remembered).flatMap((fate) => ('reset' in fate ? [fate.reset.split(',')[0]!] : []))
  const unused = new Set(means.filter((name) => name !== 'store.onReset' && !reset.includes(`${name}()`)))
  expect([...unused]).toEqual([])
})
