import { arch, availableParallelism, platform, totalmem } from 'node:os'

/** What a figure depends on. */
export function describeMachine() {
  return {
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: platform(),
    arch: arch(),
    node: process.versions.node,
    openssl: process.versions.openssl,
  }
}
