import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ProgramOptions } from '@apsaramq/testkit'

/** Memory of a program whose garbage has just been collected, in bytes. */
export interface Held {
  /** In the heap, and in buffers outside. */
  used: number
  resident: number
}

/** How to start a program of this checkout, and a look at what it holds. */
export function watchedHeap(): { options: Pick<ProgramOptions, 'command' | 'env'>; look(): Promise<Held> } {
  const path = join(tmpdir(), `apsaramq-fuzz-heap-${process.pid}.sock`)
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const probe = new URL('../../bench/lib/heap-probe.ts', import.meta.url).href
  const program = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
  return {
    options: {
      command: [process.execPath, '--import', loader, '--expose-gc', '--import', probe, program],
      env: { BENCH_HEAP_SOCKET: path },
    },
    async look() {
      const socket = connect(path).setEncoding('utf8')
      let text = ''
      socket.on('data', (chunk) => (text += chunk))
      await once(socket, 'end')
      const { rss, heapUsed, external } = JSON.parse(text) as NodeJS.MemoryUsage // what the probe writes
      return { used: heapUsed + external, resident: rss }
    },
  }
}
