import { spawnSync } from 'node:child_process'

/** A program of the machine that the suite drives. */
export interface Tool {
  name: string
  /** Path, or undefined where the machine has none. */
  path: string | undefined
}

function succeeding(candidates: readonly string[], args: readonly string[]): string | undefined {
  return candidates.find((path) => spawnSync(path, args, { stdio: 'ignore' }).status === 0)
}

/** `--help` ends with 1 in some versions of the mosquitto clients. */
function startable(path: string): string | undefined {
  return spawnSync(path, ['--help'], { stdio: 'ignore' }).error ? undefined : path
}

/** Makes the certificates of the suite. */
export const opensslTool: Tool = { name: 'openssl', path: succeeding(['openssl'], ['version']) }
/** Publishes once and ends. */
export const mosquittoPub: Tool = { name: 'mosquitto_pub', path: startable('mosquitto_pub') }
/** A live device; it is read line by line, for which it needs stdbuf. */
export const mosquittoSub: Tool = {
  name: 'mosquitto_sub with stdbuf',
  path: startable('stdbuf') && startable('mosquitto_sub'),
}
/** A Python that has Paho: often the system's, not the first of PATH. */
export const pahoPython: Tool = {
  name: 'Paho Python',
  path: succeeding(['python3', '/usr/bin/python3', '/usr/local/bin/python3'], ['-c', 'import paho.mqtt.client']),
}
/** Paho C: paho_c_sub and paho_cs_pub of its examples, read line by line, for which they need stdbuf. */
export const pahoC: Tool = {
  name: 'Paho C (paho_c_sub, paho_cs_pub) with stdbuf',
  path: startable('stdbuf') && startable('paho_cs_pub') && startable('paho_c_sub'),
}
/** A Python that has Apache Libcloud, which reads XML and nothing else. */
export const libcloudPython: Tool = {
  name: 'Apache Libcloud',
  path: succeeding(['python3', '/usr/bin/python3', '/usr/local/bin/python3'], ['-c', 'import libcloud.common.aliyun']),
}
/** Runs a program where only the loopback can be reached: on Linux, and only where the user may do so. */
export const unshareTool: Tool = {
  name: 'unshare with ip',
  path: succeeding(['unshare'], ['-rn', 'ip', 'link', 'set', 'lo', 'up']) && 'unshare',
}

/** The same, with a hosts file of its own. */
export const namespaceTool: Tool = {
  name: 'unshare with ip and mount',
  path:
    succeeding(['unshare'], ['-rnm', 'sh', '-c', 'ip link set lo up && mount --bind /etc/hosts /etc/hosts']) &&
    'unshare',
}

/** The tools that a machine can be given. */
export const tools: readonly Tool[] = [opensslTool, mosquittoPub, mosquittoSub, pahoPython, pahoC, libcloudPython]
