import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyAndCertificate } from '@apsaramq/pki'

/** Key pairs with their certificates, as PEM files `<name>.key` and `<name>.pem`, in a folder only the owner reads. */
export interface KeyStore {
  /** Path of the certificate of a name. */
  certificateFile(name: string): string
  load(name: string): Promise<KeyAndCertificate | undefined>
  save(name: string, pair: KeyAndCertificate): Promise<void>
  remove(name: string): Promise<void>
  /** The names that have a certificate and begin with `prefix`. */
  names(prefix: string): Promise<string[]>
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

/** Opens the key store of a directory, making the folder where it is missing. */
export async function openKeyStore(directory: string): Promise<KeyStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = (name: string, end: 'key' | 'pem') => join(directory, `${name}.${end}`)
  return {
    certificateFile: (name) => path(name, 'pem'),
    async load(name) {
      const key = await readIfThere(path(name, 'key'))
      const certificate = await readIfThere(path(name, 'pem'))
      return key === undefined || certificate === undefined ? undefined : { key, certificate }
    },
    async save(name, pair) {
      await replace(path(name, 'key'), pair.key)
      await replace(path(name, 'pem'), pair.certificate)
    },
    async remove(name) {
      await rm(path(name, 'key'), { force: true })
      await rm(path(name, 'pem'), { force: true })
    },
    async names(prefix) {
      const files = await readdir(directory)
      return files
        .filter((file) => file.startsWith(prefix) && file.endsWith('.pem'))
        .map((file) => file.slice(0, -'.pem'.length))
        .sort()
    },
  }
}
