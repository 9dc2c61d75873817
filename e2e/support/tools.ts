import { spawnSync } from 'node:child_process'
import { describe } from 'vitest'

/** A program of the machine that the suite drives. */
export interface Tool {
  name: string
  /** Path, or undefined where the machine has none. */
  path: string | undefined
}

function first(candidates: readonly string[], probe: readonly string[]): string | undefined {
  return candidates.find((path) => spawnSync(path, probe, { stdio: 'ignore' }).status === 0)
}

function works(path: string, args: readonly string[]): string | undefined {
  return spawnSync(path, args, { stdio: 'ignore' }).error ? undefined : path
}

/** openssl of the machine. */
export const opensslTool: Tool = { name: 'openssl', path: first(['openssl'], ['version']) }
/** mosquitto's command line clients; `--help` ends with 1 in some versions. */
export const mosquittoSub: Tool = { name: 'mosquitto_sub', path: works('mosquitto_sub', ['--help']) }
export const mosquittoPub: Tool = { name: 'mosquitto_pub', path: works('mosquitto_pub', ['--help']) }
/** A Python that has Paho: often the system's, not the first of PATH. */
export const pahoPython: Tool = {
  name: 'Paho Python',
  path: first(['python3', '/usr/bin/python3', '/usr/local/bin/python3'], ['-c', 'import paho.mqtt.client']),
}

/**
 * A chapter that needs a program of the machine. Without it the chapter is left out by name; with CI=true its absence fails.
 */
export function describeWith(tool: Tool, title: string, body: () => void): void {
  if (tool.path !== undefined) return void describe(title, body)
  if (process.env.CI) throw new Error(`${tool.name} is not installed, and CI leaves no client out`)
  describe.skip(`${title} (left out: ${tool.name} is not installed)`, body)
}
