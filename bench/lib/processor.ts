import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** What is measured runs on this core, what measures on the other. */
export const serverCore = 0
export const generatorCore = 1

/** Holds all threads of a process to one core; false where the machine has one core only or no taskset. */
export function pin(pid: number, core: number): boolean {
  if (availableParallelism() < 2) return false
  return spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]).status === 0
}

/** Linux counts in hundredths of a second, whatever its own tick is (USER_HZ). */
const ticksPerSecond = 100

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined // not Linux, or the process has ended
    throw error
  }
}

/** Processor time a process has used in all its threads, in milliseconds; undefined where /proc cannot tell. */
export function processorMs(pid: number): number | undefined {
  const stat = readProc(pid, 'stat')
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name before may hold blanks
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond
}

/** Resident memory of a process in bytes; undefined where /proc cannot tell. */
export function residentBytes(pid: number): number | undefined {
  const line = readProc(pid, 'status')?.match(/^VmRSS:\s+(\d+) kB/m)
  return line ? Number(line[1]) * 1_024 : undefined
}

/** How busy a process was. */
export interface Usage {
  /** Processor time in milliseconds. */
  cpuMs: number
  /** Of one core, 0 to 1; more where several threads ran on several cores. */
  busy: number
}

/** Begins to measure; the result ends it. */
export function meterOf(pid: number): () => Usage | undefined {
  const before = processorMs(pid)
  const beganAt = performance.now()
  return () => {
    const after = processorMs(pid)
    if (before === undefined || after === undefined) return undefined
    const cpuMs = after - before
    return { cpuMs, busy: cpuMs / (performance.now() - beganAt) }
  }
}
