import { dirname } from 'node:path'
import type { AppendFile, FileFacts, FileSystem, Release } from '../file/file-system.ts'
import { DataDirectoryError } from '../store.ts'

/** What of the bytes that were not flushed survives a power cut; `holes` is the later half, and zeros before it. */
export type ContentLoss = 'flushed' | 'torn' | 'holes' | 'all'
/** Which of the changes of names that were not flushed (new files, renames, deletions) survive: none, one of them, all. */
export type NameLoss = 'flushed' | 'oldest' | 'newest' | 'all'

/** Every way in which a power cut may leave a disk. */
const losses = (['flushed', 'oldest', 'newest', 'all'] as const).flatMap((names) =>
  (['flushed', 'torn', 'holes', 'all'] as const).map((content) => ({ names, content })),
)

/** The power was cut: nothing works until the disk is started again. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut'
}

interface SimulatedFile {
  current: Buffer
  durable: Buffer
  /** From where on a failed flush has lost bytes for good, although they still can be read. */
  lostFrom: number | undefined
}

/** A failure of the disk: which operations fail, from when on and how often. */
export interface Trouble {
  /** As of node:fs, for example ENOSPC. */
  code: string
  /** The first step that fails, of those that change something. */
  from: number
  steps: number
}

/** A disk in memory that knows what was flushed, and can lose the rest, stop at any step, or fail for a while. */
export class SimulatedDisk implements FileSystem {
  /** How many operations there were. */
  steps = 0
  stopAt = Infinity
  trouble: Trouble | undefined
  /** Called when bytes are about to be flushed, and waited for. */
  beforeFlush: (() => Promise<void>) | undefined
  #files: Map<string, SimulatedFile>
  #durableFiles: Map<string, SimulatedFile>
  /** The changes of names since the directory was flushed. */
  #renamings: ((files: Map<string, SimulatedFile>) => void)[] = []
  #claimed = new Set<string>()
  #dead = false

  constructor(files: ReadonlyMap<string, Buffer> = new Map()) {
    const copies = [...files].map(([path, bytes]) => {
      const copy = Buffer.from(bytes)
      return [path, { current: copy, durable: copy, lostFrom: undefined }] as const
    })
    this.#files = new Map(copies)
    this.#durableFiles = new Map(copies)
  }

  get isRunning(): boolean {
    return !this.#dead
  }

  /** What a computer finds that is started after the power was cut now. */
  afterPowerCut({ names, content }: { names: NameLoss; content: ContentLoss }): SimulatedDisk {
    const files = new Map(this.#durableFiles)
    const [all, oldest, newest] = [this.#renamings, this.#renamings.slice(0, 1), this.#renamings.slice(-1)]
    for (const rename of { flushed: [], oldest, newest, all }[names]) rename(files)
    return new SimulatedDisk(new Map([...files].map(([path, file]) => [path, surviving(file, content)])))
  }

  /** Every different disk that may be found after a power cut now, by how it came about. */
  afterAnyPowerCut(): Map<string, SimulatedDisk> {
    const found = new Map<string, SimulatedDisk>()
    const seen = new Set<string>()
    for (const loss of losses) {
      const disk = this.afterPowerCut(loss)
      const contents = JSON.stringify(disk.paths().map((path) => [path, disk.contents(path)!.toString('latin1')]))
      if (!seen.has(contents)) found.set(JSON.stringify(loss), disk)
      seen.add(contents)
    }
    return found
  }

  /** The bytes of a file as the running computer sees them. */
  contents(path: string): Buffer | undefined {
    return this.#files.get(path)?.current
  }

  /** Replaces the bytes of a file, as damage does. */
  damage(path: string, bytes: Buffer): void {
    const file = this.#files.get(path)!
    file.current = bytes
    file.durable = bytes
  }

  paths(): string[] {
    return [...this.#files.keys()]
  }

  async makeDirectory(): Promise<void> {
    this.#step(() => {})
  }

  async makePrivate(): Promise<void> {
    this.#step(() => {})
  }

  async claim(directory: string): Promise<Release> {
    if (this.#claimed.has(directory)) throw new DataDirectoryError(`${directory} is used by another`)
    this.#claimed.add(directory)
    return async () => void this.#claimed.delete(directory)
  }

  async list(directory: string): Promise<string[]> {
    this.#look()
    return [...this.#files.keys()]
      .filter((path) => dirname(path) === directory)
      .map((path) => path.slice(directory.length + 1))
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    this.#look()
    const { current } = this.#file(path)
    for (let at = 0; at < current.length; at += 1000) yield current.subarray(at, at + 1000)
  }

  async openAppend(path: string, { durable } = { durable: false }): Promise<AppendFile> {
    const file = this.#files.get(path) ?? emptyFile()
    if (!this.#files.has(path)) this.#rename((files) => files.set(path, file), 'grows')
    this.#look()
    const datasync = async () => {
      await this.beforeFlush?.()
      this.#datasync(file)
    }
    return {
      write: async (bytes) => {
        this.#write(file, bytes)
        if (durable) await datasync()
      },
      datasync,
      truncate: async (length) => this.#change(() => cut(file, length)),
      facts: () => this.#factsOf(file),
      close: async () => this.#look(),
    }
  }

  #factsOf(file: SimulatedFile): FileFacts {
    this.#look()
    return { size: file.current.length, links: [...this.#files.values()].filter((one) => one === file).length }
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.#file(from)
    this.#rename((files) => {
      files.set(to, file)
      files.delete(from)
    })
  }

  async remove(path: string): Promise<void> {
    if (this.#files.has(path)) this.#rename((files) => files.delete(path))
  }

  async syncDirectory(): Promise<void> {
    this.#change(() => {
      this.#durableFiles = new Map(this.#files)
      this.#renamings = []
    })
  }

  #rename(operation: (files: Map<string, SimulatedFile>) => void, kind: 'grows' | 'other' = 'other'): void {
    const rename = () => {
      operation(this.#files)
      this.#renamings.push(operation)
    }
    this.#change(rename, () => {}, kind)
  }

  /** A disk that is full takes what still fits. */
  #write(file: SimulatedFile, bytes: Uint8Array): void {
    const add = (part: Uint8Array) => (file.current = Buffer.concat([file.current, part]))
    const fit = () => add(bytes.subarray(0, bytes.length >> 1))
    this.#change(() => add(bytes), fit, 'grows')
  }

  #datasync(file: SimulatedFile): void {
    const lose = () => (file.lostFrom ??= file.durable.length)
    this.#change(() => flush(file), lose)
  }

  #file(path: string): SimulatedFile {
    const file = this.#files.get(path)
    if (file === undefined) throw diskError('ENOENT', path)
    return file
  }

  #look(): void {
    if (this.#dead) throw new PowerCut('the power is cut')
  }

  /** An operation that changes something; what it left when it failed is done by `instead`. */
  #change(operation: () => void, instead = () => {}, kind: 'grows' | 'other' = 'other'): void {
    this.#step(() => {
      const trouble = this.#troubleFor(kind)
      if (trouble === undefined) return operation()
      instead()
      throw diskError(trouble.code, 'the disk')
    })
  }

  /** The trouble of this step; a disk that is full only refuses what needs room. */
  #troubleFor(kind: 'grows' | 'other'): Trouble | undefined {
    const { trouble, steps } = this
    if (!trouble || steps < trouble.from || steps >= trouble.from + trouble.steps) return undefined
    return trouble.code === 'ENOSPC' && kind === 'other' ? undefined : trouble
  }

  /** The power is cut when the operation was done and before its caller knows. */
  #step(operation: () => void): void {
    this.#look()
    this.steps += 1
    this.#dead = this.steps >= this.stopAt
    operation()
    this.#look()
  }
}

function emptyFile(): SimulatedFile {
  return { current: Buffer.alloc(0), durable: Buffer.alloc(0), lostFrom: undefined }
}

function cut(file: SimulatedFile, length: number): void {
  file.current = file.current.subarray(0, length)
  if (file.lostFrom !== undefined && length <= file.lostFrom) file.lostFrom = undefined
}

/** After a flush that failed the kernel counts the pages as clean: flushing again does not bring them back. */
function flush(file: SimulatedFile): void {
  file.durable = file.lostFrom === undefined ? file.current : Buffer.from(file.current).fill(0, file.lostFrom)
}

function surviving({ current, durable }: SimulatedFile, content: ContentLoss): Buffer {
  if (content === 'all') return current
  if (content === 'flushed' || current.length <= durable.length) return durable
  const middle = durable.length + ((current.length - durable.length) >> 1)
  if (content === 'torn') return current.subarray(0, middle)
  return Buffer.concat([durable, Buffer.alloc(middle - durable.length), current.subarray(middle)])
}

function diskError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}
