import { execFile } from 'node:child_process'
import { randomBytes, X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Runs openssl; rejects with what it wrote when it fails. */
export async function openssl(directory: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute('openssl', args, { cwd: directory })
  return stdout
}

/** A certificate and its key as files, and as PEM text. */
export interface Issued {
  directory: string
  keyFile: string
  certFile: string
  key: string
  cert: string
  /** Serial number as OpenSSL prints it, lower case. */
  sn: string
}

/** What to issue. */
export interface Wish {
  commonName: string
  keyType?: 'rsa' | 'ec'
  /** Hex, without 0x. */
  sn?: string
  /** Lines of an OpenSSL extension section. */
  extensions?: string[]
  /** YYYYMMDDHHMMSSZ */
  from?: string
  until?: string
}

const caExtensions = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
]
const deviceExtensions = [
  'basicConstraints=CA:FALSE',
  'keyUsage=critical,digitalSignature,keyEncipherment',
  'extendedKeyUsage=clientAuth',
]

let issued = 0

/** A self-signed CA. */
export async function issueCa(directory: string, wish: Wish): Promise<Issued> {
  return issue(directory, { extensions: caExtensions, ...wish }, undefined)
}

/** A certificate signed by `ca`: a device's unless the extensions say otherwise. */
export async function issueUnder(ca: Issued, wish: Wish): Promise<Issued> {
  return issue(ca.directory, { extensions: deviceExtensions, ...wish }, ca)
}

async function issue(directory: string, wish: Wish, ca: Issued | undefined): Promise<Issued> {
  issued += 1
  const own = join(directory, `${process.pid}-${issued}`)
  await mkdir(own, { recursive: true })
  const keyFile = join(own, 'key.pem')
  const certFile = join(own, 'cert.pem')
  const kind = wish.keyType === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  const request = ['-new', '-newkey', ...kind, '-nodes', '-subj', `/CN=${wish.commonName}`]
  await openssl(own, 'req', ...request, '-keyout', keyFile, '-out', 'request.pem')
  await sign(own, wish, { certFile, keyFile, ca })
  const cert = await readFile(certFile, 'utf8')
  const sn = new X509Certificate(cert).serialNumber.toLowerCase()
  return { directory: own, keyFile, certFile, key: await readFile(keyFile, 'utf8'), cert, sn }
}

/** `openssl ca` is the one command that takes both ends of the validity in every version. */
async function sign(
  directory: string,
  wish: Wish,
  to: { certFile: string; keyFile: string; ca: Issued | undefined },
): Promise<void> {
  const number = wish.sn ?? randomBytes(16).toString('hex')
  await writeFile(join(directory, 'serial'), number.length % 2 ? `0${number}` : number)
  await writeFile(join(directory, 'index'), '')
  await writeFile(join(directory, 'openssl.cnf'), configuration(wish.extensions ?? []))
  const signer = to.ca ? ['-cert', to.ca.certFile, '-keyfile', to.ca.keyFile] : ['-selfsign', '-keyfile', to.keyFile]
  const validity = ['-startdate', wish.from ?? day(-1), '-enddate', wish.until ?? day(365)]
  const files = ['-config', 'openssl.cnf', '-in', 'request.pem', '-out', to.certFile]
  await openssl(directory, 'ca', '-batch', '-notext', ...files, ...signer, ...validity)
}

function configuration(extensions: readonly string[]): string {
  return [
    '[ca]',
    'default_ca=here',
    '[here]',
    'database=index',
    'serial=serial',
    'new_certs_dir=.',
    'default_md=sha256',
    'policy=any',
    'x509_extensions=extensions',
    'unique_subject=no',
    '[any]',
    'commonName=optional',
    '[extensions]',
    ...extensions,
    '',
  ].join('\n')
}

/** A day from now, as OpenSSL takes it. */
export function day(offset: number): string {
  const at = new Date(Date.now() + offset * 86_400_000)
  return at.toISOString().replace(/[-:T]|\.\d+/g, '')
}
