import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

/** The same by a list, oldest first. */
class ListedMap {
  entries: [string, number][] = []
  forgotten = 0

  get(key: string): number | undefined {
    const at = this.entries.findIndex(([one]) => one === key)
    if (at < 0) return undefined
    this.entries.push(...this.entries.splice(at, 1))
    return this.entries.at(-1)![1]
  }

  set(key: string, value: number, capacity: number): void {
    this.delete(key)
    this.entries.push([key, value])
    if (this.entries.length <= capacity) return
    this.entries.shift()
    this.forgotten += 1
  }

  delete(key: string): void {
    this.entries = this.entries.filter(([one]) => one !== key)
  }
}

test('it forgets what was used least lately, whatever is asked, set, deleted and cleared between', () => {
  const [map, listed] = [new BoundedMap<number>(5), new ListedMap()]
  let drawn = 1
  const draw = (below: number) => (drawn = (drawn * 48_271) % 2_147_483_647) % below
  for (let step = 0; step < 20_000; step += 1) {
    const [key, kind] = [`key-${draw(12)}`, draw(100)]
    if (kind < 50) {
      map.set(key, step)
      listed.set(key, step, 5)
    } else if (kind < 80) expect([step, map.get(key)]).toEqual([step, listed.get(key)])
    else if (kind < 99) {
      map.delete(key)
      listed.delete(key)
    } else {
      map.clear()
      Object.assign(listed, new ListedMap())
    }
    expect([...map.values()]).toEqual(listed.entries.map(([, value]) => value))
    expect(map.forgotten).toBe(listed.forgotten)
  }
})

test('what is used again and again takes no more memory, though nothing is ever forgotten', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void // there since the flag was set
  const map = new BoundedMap<number>(4_000)
  const use = (times: number) => {
    for (let at = 0; at < times; at += 1) map.set(`key-${at % 10}`, at)
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = use(10_000)
  expect(use(500_000) - before).toBeLessThan(5_000_000)
  expect([map.size, map.forgotten]).toEqual([10, 0])
})
