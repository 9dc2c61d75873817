import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Endpoints } from '@apsaramq/testkit/http'

/** Writes the endpoints so that a reader never sees half a file; only the owner may read it. */
export async function writeEndpoints(file: string, endpoints: Endpoints): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600 })
  await chmod(temporary, 0o600)
  await rename(temporary, file)
}

/** Removes an endpoints file if it is still the one of this process. */
export async function removeEndpoints(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(ifMissing)
  if (text !== undefined && (JSON.parse(text) as Endpoints).pid === process.pid) await rm(file, { force: true })
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
