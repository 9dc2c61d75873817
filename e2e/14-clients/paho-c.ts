import { pahoC } from '../support/tools.ts'
import { clientProcess, type ClientProcess } from './client-process.ts'
import { pairwise } from './combinations.ts'
import { holdTo } from './hold-tls.ts'
import { everything, type Client, type ClientKind, type Row, type Seat } from './row.ts'

const versions: Record<Row['protocol'], string> = { '3.1': '31', '3.1.1': '311', '5': '5' }

/** Starts a program of Paho C; its trace tells of each packet. */
export function pahoCProgram(
  program: 'paho_c_sub' | 'paho_cs_pub',
  { endpoints, device, protocol, tls, topic }: Omit<Seat, 'key' | 'handshake' | 'transport'>,
  what: readonly string[],
): ClientProcess {
  const { host } = new URL(endpoints.mqtts)
  const identity = ['--cafile', endpoints.caFile, '--cert', device.certFile, '--key', device.keyFile]
  const where = ['-c', `ssl://${host}`, '-V', versions[protocol], ...identity, '-i', device.clientId, '-t', topic]
  return clientProcess(program, ['stdbuf', '-oL', program, ...where, '--trace', 'protocol', ...what], holdTo(tls))
}

function openPahoC(seat: Seat): Client {
  let child: ClientProcess | undefined // there is one once it was told to connect
  const publishOnce = (clientId: string, what: readonly string[]) =>
    pahoCProgram('paho_cs_pub', { ...seat, device: { ...seat.device, clientId } }, what).end()
  return {
    async connect() {
      await child?.stop()
      child = pahoCProgram('paho_c_sub', seat, ['-q', '2'])
      await child.tells('the subscription', /<- SUBACK/)
    },
    async publish(payload, qos) {
      const told = await publishOnce(`${seat.device.clientId}p`, ['-q', `${qos}`, '-m', payload])
      if (!told.includes('<- CONNACK rc: 0\n')) throw new Error(`paho_cs_pub: ${told}`)
    },
    received: async (payload, qos) =>
      void (await child!.tells(payload, new RegExp(`<- PUBLISH msgid: \\d+ qos: ${qos} .*: ${payload}$`))),
    async lost() {
      const from = child!.lines().findLastIndex((line) => line.includes('<- SUBACK'))
      await child!.tells('the end', /<- DISCONNECT|alert read/, from)
      await child!.stop()
      return child!.lines().slice(from).join('\n')
    },
    refused: () => publishOnce(seat.device.clientId, ['-m', 'refused']), // paho_c_sub stays, although it says no more
    close: async () => void (await child?.stop()),
  }
}

const gone = /SSL alert read:warning:close notify/
const failed = /^Connect failed return code: Failure$/m

/** Paho C: its asynchronous library subscribes, its synchronous one publishes. */
export const pahoCClients: ClientKind = {
  name: 'Paho C',
  tool: pahoC,
  rows: pairwise({ ...everything, handshake: ['fresh'], transport: ['mqtts'] }),
  open: openPahoC,
  tells: {
    lost: { '3.1': gone, '3.1.1': gone, '5': /<- DISCONNECT \(152\)$/m },
    cut: { '3.1': failed, '3.1.1': failed, '5': failed },
    connack: {
      '3.1': /<- CONNACK rc: 5\n[^]*^Connect failed return code: /m,
      '3.1.1': /<- CONNACK rc: 5\n[^]*^Connect failed return code: /m,
      '5': /<- CONNACK rc: 135\n[^]*^Connect failed return code: /m,
    },
  },
}
