import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { describeWith } from '../support/describe-with.ts'
import { describeOwnProgram } from '../support/target.ts'
import { unshareTool } from '../support/tools.ts'

const root = new URL('../../', import.meta.url)
const script = fileURLToPath(new URL('../support/alone.ts', import.meta.url))
const loader = pathToFileURL(createRequire(new URL('package.json', root)).resolve('tsx')).href

describeOwnProgram('without a network', () => {
  describeWith(unshareTool, 'only the loopback', () => {
    test('A1: all of it works: start, SDK, device, inactivation, reactivation, stop', async () => {
      const inside = 'ip link set lo up && exec "$0" "$@"'
      const { stdout } = await promisify(execFile)(
        unshareTool.path!,
        ['-rn', 'sh', '-c', inside, process.execPath, '--import', loader, script],
        { timeout: 50_000, env: { ...process.env, NODE_ENV: '' } },
      )
      expect(JSON.parse(stdout)).toEqual({
        seen: ['connected', 'lost', 'refused', 'connected'],
        exit: { code: 0, signal: null },
      })
    })
  })
})
