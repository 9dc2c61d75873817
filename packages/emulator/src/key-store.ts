import { readdir, readFile, rm } from 'node:fs/promises'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { KeyAndCertificate } from '@apsaramq/pki'
import { makeFolder } from '@apsaramq/store'
import { replaceFile } from './replace-file.ts'
import { StartError } from './start-error.ts'

/** Key pairs with their certificates, as PEM files `<name>.key` and `<name>.pem`, in a folder only the owner reads. */
export interface KeyStore {
  /** Path of the certificate of a name. */
  certificateFile(name: string): string
  /** @throws {StartError} when the key of a certificate is missing or another's */
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

function belongTogether(key: string, certificate: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false // one of them is not what its name says
  }
}

/** Opens the key store of a directory, making the folder where it is missing. */
export async function openKeyStore(directory: string): Promise<KeyStore> {
  await makeFolder(directory, 0o700)
  const path = (name: string, end: 'key' | 'pem') => join(directory, `${name}.${end}`)
  return {
    certificateFile: (name) => path(name, 'pem'),
    async load(name) {
      const key = await readIfThere(path(name, 'key'))
      const certificate = await readIfThere(path(name, 'pem'))
      if (certificate === undefined) return undefined // the certificate is saved last: this pair was not finished
      if (key !== undefined && belongTogether(key, certificate)) return { key, certificate }
      throw new StartError(
        `${path(name, 'key')} and ${path(name, 'pem')} are not a key and its certificate: restore them, or remove both to have new ones made`,
      )
    },
    async save(name, pair) {
      await rm(path(name, 'pem'), { force: true }) // or a crash could leave it beside a key that is not its own
      await replaceFile(path(name, 'key'), pair.key)
      await replaceFile(path(name, 'pem'), pair.certificate)
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
