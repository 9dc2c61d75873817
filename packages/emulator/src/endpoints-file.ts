import { readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Endpoints } from '@apsaramq/testkit/http'
import { makeFolder } from '@apsaramq/store'
import { replaceFile } from './replace-file.ts'
import { StartError } from './start-error.ts'

/**
 * Writes the endpoints so that a reader never sees half a file; only the owner may read it.
 *
 * @throws {StartError} when the file cannot be written; nothing is left of it then
 */
export async function writeEndpoints(file: string, endpoints: Endpoints): Promise<void> {
  try {
    await makeFolder(dirname(file))
    await replaceFile(file, textOf(endpoints))
  } catch (error) {
    const reason = (error as Error).message
    throw new StartError(
      `the endpoints cannot be written to ${file}: ${reason}; choose another with --endpoints-file`,
      {
        cause: error,
      },
    )
  }
}

/** Removes an endpoints file if it still is what this process has written. */
export async function removeEndpoints(file: string, endpoints: Endpoints): Promise<void> {
  const text = await readFile(file, 'utf8').catch(ifMissing)
  if (text === textOf(endpoints)) await rm(file, { force: true })
}

function textOf(endpoints: Endpoints): string {
  return `${JSON.stringify(endpoints, null, 2)}\n`
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
