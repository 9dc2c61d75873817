import { existsSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'

/** Puts a file in the place of another, or none there: a reader never sees half of it, and only the owner may read it. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.new`
  try {
    await writeFile(temporary, text, { mode: 0o600 })
    await rename(temporary, file)
  } catch (error) {
    if (existsSync(temporary)) await rm(temporary)
    throw error
  }
}
