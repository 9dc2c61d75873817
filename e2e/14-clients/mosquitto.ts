import { mosquittoPub, mosquittoSub } from '../support/tools.ts'
import { clientProcess, type ClientProcess } from './client-process.ts'
import { pairwise } from './combinations.ts'
import { holdTo } from './hold-tls.ts'
import { everything, type Client, type ClientKind, type Row, type Seat } from './row.ts'

const versions: Record<Row['protocol'], string> = { '3.1': 'mqttv31', '3.1.1': 'mqttv311', '5': 'mqttv5' }

/** Starts mosquitto_sub or mosquitto_pub; each line comes when it is written. */
export function mosquitto(
  program: 'mosquitto_sub' | 'mosquitto_pub',
  { endpoints, device, protocol, tls, topic }: Omit<Seat, 'key' | 'handshake' | 'transport'>,
  what: readonly string[],
): ClientProcess {
  const { hostname, port } = new URL(endpoints.mqtts)
  const identity = ['--cafile', endpoints.caFile, '--cert', device.certFile, '--key', device.keyFile]
  const where = ['-h', hostname, '-p', port, '-V', versions[protocol], ...identity, '-i', device.clientId, '-t', topic]
  return clientProcess(program, ['stdbuf', '-oL', program, ...where, ...what], holdTo(tls))
}

function openMosquitto(seat: Seat): Client {
  let child: ClientProcess | undefined // there is one once it was told to connect
  const publishOnce = (clientId: string, what: readonly string[]) =>
    mosquitto('mosquitto_pub', { ...seat, device: { ...seat.device, clientId } }, what).end()
  return {
    async connect() {
      await child?.stop()
      child = mosquitto('mosquitto_sub', seat, ['-q', '2', '-d', '-F', 'message %q %p'])
      await child.tells('the subscription', /received SUBACK/)
    },
    async publish(payload, qos) {
      const told = await publishOnce(`${seat.device.clientId}p`, ['-q', `${qos}`, '-m', payload])
      if (!told.endsWith('(exit 0)')) throw new Error(`mosquitto_pub: ${told}`)
    },
    received: async (payload, qos) => void (await child!.tells(payload, new RegExp(`^message ${qos} ${payload}$`))),
    async lost() {
      const from = child!.lines().findLastIndex((line) => line.includes('SUBACK'))
      // it ends, or begins anew: which depends on how far the close had come when it looked
      await child!.tells('the end', /^\(exit|sending CONNECT/, from)
      await child!.stop()
      return child!.lines().slice(from).join('\n')
    },
    refused: () => publishOnce(seat.device.clientId, ['-m', 'refused']), // mosquitto_sub would try for ever
    close: async () => void (await child?.stop()),
  }
}

const gone = /sending CONNECT|\(exit 7\)$/
// 1 where its write loses the race against the end of the connection, 8 where TLS says so
const cut = /\(exit [178]\)$/

/** mosquitto_sub, with mosquitto_pub beside it. */
export const mosquittoClients: ClientKind = {
  name: 'mosquitto',
  tool: mosquittoPub.path === undefined ? mosquittoPub : mosquittoSub,
  rows: pairwise({ ...everything, handshake: ['fresh'], transport: ['mqtts'] }),
  open: openMosquitto,
  tells: {
    lost: { '3.1': gone, '3.1.1': gone, '5': /^Received DISCONNECT \(152\)\n\(exit 0\)$/m },
    cut: { '3.1': cut, '3.1.1': cut, '5': cut },
    connack: {
      '3.1': /^Connection error: Connection Refused: not authorised\.[^]*\(exit 5\)$/,
      '3.1.1': /^Connection error: Connection Refused: not authorised\.[^]*\(exit 5\)$/,
      '5': /^Connection error: Not authorized[^]*\(exit 135\)$/,
    },
  },
}
