import type { Socket } from 'node:net'
import type { TlsOptions, TLSSocket } from 'node:tls'
import { socketOptions } from './link.ts'
import type { BrokerOptions } from './settings.ts'

/** vendor: TLS 1.2; LIMITS A-16 for 1.3 */
const minVersion = 'TLSv1.2'

/** What every server with TLS is made with. It asks for a certificate and judges none. */
export function tlsOptions({ tls, settings }: Pick<BrokerOptions, 'tls' | 'settings'>): TlsOptions {
  return {
    ...contextOf(tls),
    requestCert: true,
    rejectUnauthorized: false,
    ...socketOptions, // without noDelay each CONNACK of TLS 1.3 waits 44 ms for the acknowledgement of the session tickets
    handshakeTimeout: settings.connectTimeoutMs, // real time: it is OpenSSL's
  }
}

/** Another certificate, under the same conditions. */
export function contextOf(tls: BrokerOptions['tls']): BrokerOptions['tls'] & { minVersion: 'TLSv1.2' } {
  return { ...tls, minVersion }
}

/** The socket that a TLS socket was made of; Node keeps it, and its types do not say so. */
export function socketBelow(socket: TLSSocket): Socket | undefined {
  return (socket as TLSSocket & { _parent?: Socket })._parent
}
