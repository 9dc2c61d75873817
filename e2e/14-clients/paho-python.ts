import { fileURLToPath } from 'node:url'
import { pahoPython } from '../support/tools.ts'
import { clientProcess, type ClientProcess } from './client-process.ts'
import { pairwise } from './combinations.ts'
import { everything, type Client, type ClientKind, type Seat } from './row.ts'

const script = fileURLToPath(new URL('paho-on-a-line.py', import.meta.url))

/** Starts Paho Python, which takes commands and tells what Paho calls back: see paho-on-a-line.py. */
export function startPaho(seat: Omit<Seat, 'key' | 'topic' | 'handshake'>): ClientProcess {
  const { device, endpoints, protocol, transport, tls } = seat
  const { hostname, port } = new URL(transport === 'wss' ? endpoints.wss! : endpoints.mqtts)
  const { clientId, certFile, keyFile } = device
  const where = { host: hostname, port: Number(port), transport, tls, protocol, caFile: endpoints.caFile }
  const settings = JSON.stringify({ ...where, clientId, certFile, keyFile })
  return clientProcess('Paho Python', [pahoPython.path ?? 'python3', '-u', script, settings])
}

function openPahoPython(seat: Seat): Client {
  const child = startPaho(seat)
  let from = 0
  const say = (command: object) => {
    from = child.lines().length
    child.write(JSON.stringify(command))
  }
  const told = (what: string, events: string) => child.tells(what, new RegExp(`"event": "(${events})"`), from)
  const accepted = async () => {
    say({ do: 'connect', resume: seat.handshake === 'resumed' })
    const answer = await told('the answer', 'connect|disconnect|failed')
    if (!answer.includes('"event": "connect", "code": 0,')) throw new Error(`Paho Python was refused: ${answer}`)
  }
  return {
    async connect() {
      const isFirst = from === 0 && child.lines().length === 0
      await accepted()
      if (isFirst && seat.handshake === 'resumed') {
        say({ do: 'disconnect' })
        await told('the end', 'disconnect')
        await accepted()
      }
      say({ do: 'subscribe', filter: seat.topic, qos: 2 })
      await told('the subscription', 'suback')
    },
    async publish(payload, qos) {
      say({ do: 'publish', topic: seat.topic, payload, qos })
      await told('the acknowledgement', 'published')
    },
    received: async (payload, qos) =>
      void (await child.tells(payload, new RegExp(`"payload": "${payload}", "qos": ${qos},`))),
    lost: () => told('the end of its connection', 'disconnect|failed'),
    async refused() {
      say({ do: 'connect', resume: seat.handshake === 'resumed' })
      const answer = await told('a refusal', 'connect|disconnect|failed')
      return answer.includes('"event": "connect"') ? `${answer}\n${await told('the end', 'disconnect|failed')}` : answer
    },
    close: () => child.stop(),
  }
}

const gone = /"event": "disconnect", "code": 7, "name": "The connection was lost\."/
// TLS 1.3 has let the client in before the connection ends: its write or its read may be what fails
const cut = /"event": "(disconnect", "code": 7,|failed", "name": "(SSL\w*Error|ConnectionResetError|BrokenPipeError)")/
const notAuthorized = /"event": "connect", "code": 5, [^]*"event": "disconnect", "code": 5,/

/** Paho Python. */
export const pahoPythonClient: ClientKind = {
  name: 'Paho Python',
  tool: pahoPython,
  rows: pairwise(everything),
  open: openPahoPython,
  tells: {
    lost: {
      '3.1': gone,
      '3.1.1': gone,
      '5': /"event": "disconnect", "code": 152, "name": "Administrative action", .*"device certificate \w+ of CA \w+ inactive/,
    },
    cut: { '3.1': cut, '3.1.1': cut, '5': cut },
    connack: {
      '3.1': notAuthorized,
      '3.1.1': notAuthorized,
      '5': /"event": "connect", "code": 135, .*"ReasonString": "device certificate \w+ of CA \w+ inactive since /,
    },
  },
}
