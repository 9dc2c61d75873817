import { expect, onTestFinished, test } from 'vitest'
import { ownProgram } from '../support/own-program.ts'
import { seed } from '../support/seed.ts'
import { describeOwnProgram } from '../support/target.ts'
import { openScene, sceneFlags } from './mqtt-scene.ts'
import { playBatch, residentBytes } from './mqtt-sessions.ts'

const batches = 8
const aBatch = 50
const megabyte = 1 << 20

describeOwnProgram('a program of its own', () => {
  test(`C1 C10: ${batches * aBatch} random sessions of an admitted device each end with a line in the log, while another is served`, async () => {
    const program = await ownProgram([...sceneFlags])
    const scene = await openScene(program.endpoints())
    onTestFinished(() => scene.close())
    const before = await residentBytes(program.pid)
    for (let batch = 0; batch < batches; batch += 1) {
      const { faults, logged } = await playBatch(scene, seed + batch, aBatch)
      expect(faults, `seed ${seed + batch}`).toEqual([])
      expect(logged, `seed ${seed + batch}`).toMatchObject({
        connect: expect.any(Number) as number,
        disconnect: expect.any(Number) as number,
        'protocol-error': expect.any(Number) as number,
      })
    }
    expect(program.stderr()).not.toMatch(/InternalError|UnhandledPromiseRejection|^\s+at /m)
    if (before !== undefined) expect((await residentBytes(program.pid))! - before).toBeLessThan(200 * megabyte)
  }, 180_000)
})
