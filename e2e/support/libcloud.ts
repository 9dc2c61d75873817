import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { libcloudPython } from './tools.ts'

const script = fileURLToPath(new URL('libcloud-calls.py', import.meta.url))

/** One call. */
export interface LibcloudCall {
  action: string
  parameters?: Record<string, string>
  /** GET unless told. */
  method?: 'GET' | 'POST'
  /** Whose call it is, where it is another's. */
  as?: { accessKeyId?: string; accessKeySecret?: string }
}

/** Text, or the children by name, each as often as it came. */
export type Told = string | { [name: string]: Told[] }

/** What Apache Libcloud told of a call: of an answer, of an error it could read, or of a failure of its own. */
export type LibcloudAnswer =
  | { status: number; root: string; id: string; told: { [name: string]: Told[] } }
  | { refused: number; code: string; message: string; request_id: string; host_id: string }
  | { failed: string; message: string }

/** Who calls, and where. */
export interface LibcloudCaller {
  origin: string
  accessKeyId: string
  accessKeySecret: string
  /** The CA to verify the server by; the system's where there is none. */
  caFile?: string
}

/** Makes the calls one after the other by Apache Libcloud, which signs V1 and reads XML only; one process for all. */
export async function libcloudCalls(caller: LibcloudCaller, calls: readonly LibcloudCall[]): Promise<LibcloudAnswer[]> {
  const child = spawn(libcloudPython.path ?? 'python3', [script], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end(JSON.stringify({ origin: caller.origin, caFile: caller.caFile ?? '', calls: calls.map(asSent) }))
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (code !== 0) throw new Error(`Apache Libcloud ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as LibcloudAnswer[]

  function asSent({ action, parameters = {}, method = 'GET', as }: LibcloudCall) {
    const { accessKeyId, accessKeySecret } = { ...caller, ...as }
    return [[accessKeyId, accessKeySecret], action, parameters, method]
  }
}
