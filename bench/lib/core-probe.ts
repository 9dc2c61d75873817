import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { generatorCore, serverCore } from './processor.ts'

const turns = 'const end = performance.now() + 300; let n = 0; while (performance.now() < end) n += 1; console.log(n)'

async function spin(core: number): Promise<number> {
  const child = spawn('taskset', ['-c', String(core), process.execPath, '-e', turns], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  await once(child, 'close')
  return Number(text)
}

/**
 * How much the two cores do together of what one does alone, with what else runs on the machine: 2 where each is one
 * of its own, 1 where they are one.
 */
export async function coresTogether(): Promise<number> {
  const alone = (await spin(serverCore)) + (await spin(generatorCore))
  const both = await Promise.all([spin(serverCore), spin(generatorCore)])
  return Math.round(((both[0] + both[1]) / (alone / 2)) * 100) / 100
}
