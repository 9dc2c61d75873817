import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { describeWith } from '../support/describe-with.ts'
import { temporaryDirectory } from '../support/own-program.ts'
import { describeOwnProgram } from '../support/target.ts'
import { libcloudPython, mosquittoSub, namespaceTool, pahoPython } from '../support/tools.ts'

const root = new URL('../../', import.meta.url)
const script = fileURLToPath(new URL('../support/vendor-names.ts', import.meta.url))
const loader = pathToFileURL(createRequire(new URL('package.json', root)).resolve('tsx')).href

/** The lines that README.md tells a user to add. */
function hostsOfReadme(): string {
  const readme = readFileSync(new URL('README.md', root), 'utf8')
  const block = /### Unchanged configuration.*?^```text\n(.*?)^```$/ms.exec(readme)?.[1]
  if (block === undefined) throw new Error('README.md shows no hosts file under "Unchanged configuration"')
  return block
}

const unless = (path: string | undefined, told: unknown) => (path === undefined ? 'left out' : told)

describeOwnProgram('the names of the vendor', () => {
  describeWith(namespaceTool, 'in a network and with a hosts file of their own', () => {
    test(
      'K2: SDKs that know a region, and devices that know an instance, run unchanged with verification on',
      { timeout: 120_000 },
      async () => {
        const hosts = join(await temporaryDirectory(), 'hosts')
        await writeFile(hosts, `127.0.0.1 localhost onsmqtt.cn-beijing.aliyuncs.com\n${hostsOfReadme()}`)
        const inside = `ip link set lo up && mount --bind '${hosts}' /etc/hosts && exec "$0" "$@"`
        const { stdout } = await promisify(execFile)(
          namespaceTool.path!,
          ['-rnm', 'sh', '-c', inside, process.execPath, '--import', loader, script],
          { timeout: 110_000, env: { ...process.env, NODE_ENV: '' } },
        )
        expect(JSON.parse(stdout)).toEqual({
          ports: ['default', 'default', '8883'],
          node: {
            regional: ['onsmqtt.cn-hangzhou.aliyuncs.com', 200],
            vpc: ['onsmqtt-vpc.cn-hangzhou.aliyuncs.com', 200],
            byHostName: 200,
            byOrigin: [10, 10],
            device: ['connected', 'closed'],
            ofAnotherRegion: 'ERR_TLS_CERT_ALTNAME_INVALID',
          },
          libcloud: [unless(libcloudPython.path, 200), unless(libcloudPython.path, 200)],
          mosquitto: unless(mosquittoSub.path, 'online'),
          paho: unless(pahoPython.path, 'online'),
        })
      },
    )
  })
})
