import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEndpoints, startProgram, type Endpoints } from '@apsaramq/testkit'

/** What an inactivation does to live sessions: the emulator's `--live-sessions`. */
export type Policy = 'drop' | 'keep'

/** An emulator to play on. */
export interface Stage {
  endpoints: Endpoints
  close(): Promise<void>
}

const anyPorts = ['--api-port', '0', '--api-tls-port', '0', '--mqtts-port', '0', '--management-port', '0']

/** Starts an emulator of its own: free ports, a directory that is gone afterwards. */
export async function ownStage(policy: Policy): Promise<Stage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'apsaramq-demo-'))
  const remove = () => rm(dataDir, { recursive: true, force: true })
  try {
    const program = await startProgram({ args: ['start', ...anyPorts, '--live-sessions', policy], dataDir })
    const close = async () => {
      await program.stop()
      await remove()
    }
    return { endpoints: program.endpoints(), close }
  } catch (error) {
    await remove()
    throw error
  }
}

/** An emulator that runs already and goes on running. */
export function foreignStage(endpointsFile: string): Stage {
  return { endpoints: readEndpoints(endpointsFile), close: async () => undefined }
}
