import { createServer } from 'node:net'
import { isMainThread } from 'node:worker_threads'

/** Environment variable with the path of the socket the probe answers on. */
export const probeVariable = 'BENCH_HEAP_SOCKET'

// loaded into the emulator before itself: collects its garbage and tells its memory to whoever connects
const path = process.env[probeVariable]
if (path !== undefined && isMainThread) {
  const server = createServer((socket) => {
    for (let time = 0; time < 2; time += 1) globalThis.gc!() // it is started with --expose-gc
    socket.end(JSON.stringify(process.memoryUsage()))
  })
  server.listen(path)
  server.unref()
}
