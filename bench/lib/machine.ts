import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os'

/** What a figure depends on. */
export function describeMachine() {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'not known',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: platform(),
    arch: arch(),
    node: process.versions.node,
    openssl: process.versions.openssl,
    /** Of the minute before: what else ran on it. */
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  }
}
