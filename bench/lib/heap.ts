import { once } from 'node:events'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeExtras } from './emulator.ts'
import { probeVariable } from './heap-probe.ts'
import { until } from './pace.ts'

/** Memory of a process after its garbage has been collected, bytes. */
export interface Heap {
  rss: number
  heapUsed: number
  /** Outside the heap, buffers among it. */
  external: number
}

/** Half a second lets what was closed be let go of. */
const usualRestMs = 500

/** A way to look into an emulator that is about to be started. @param restMs before each look */
export function heapProbe(restMs = usualRestMs): { extras: NodeExtras; look(): Promise<Heap> } {
  const path = join(tmpdir(), `apsaramq-bench-heap-${process.pid}.sock`)
  const probe = new URL('./heap-probe.ts', import.meta.url).href
  return {
    extras: { args: ['--expose-gc', '--import', probe], env: { [probeVariable]: path } },
    async look() {
      await until(performance.now() + restMs)
      const socket = net.connect(path).setEncoding('utf8')
      let text = ''
      socket.on('data', (chunk) => (text += chunk))
      await once(socket, 'end')
      const { rss, heapUsed, external } = JSON.parse(text) as Heap
      return { rss, heapUsed, external }
    },
  }
}
