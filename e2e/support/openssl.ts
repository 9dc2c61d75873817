import { execFile } from 'node:child_process'
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
  /** Key file of another certificate to certify again. */
  keyFile?: string
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
  const keyFile = wish.keyFile ?? (await makeKey(own, wish.keyType ?? 'ec'))
  await openssl(own, 'req', '-new', '-key', keyFile, '-subj', `/CN=${wish.commonName}`, '-out', 'request.pem')
  const certFile = join(own, 'cert.pem')
  await sign(own, wish, { certFile, keyFile, ca })
  const cert = plainPem(await readFile(certFile, 'utf8'))
  await writeFile(certFile, cert)
  const sn = (await openssl(own, 'x509', '-in', certFile, '-noout', '-serial'))
    .trim()
    .replace('serial=', '')
    .toLowerCase()
  return { directory: own, keyFile, certFile, key: await readFile(keyFile, 'utf8'), cert, sn }
}

async function makeKey(directory: string, keyType: 'rsa' | 'ec'): Promise<string> {
  const kind =
    keyType === 'rsa' ? ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] : ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256']
  const file = join(directory, 'key.pem')
  await openssl(directory, 'genpkey', '-algorithm', ...kind, '-out', file)
  return file
}

/** `openssl ca` is the one command that takes both ends of the validity in every version. */
async function sign(
  directory: string,
  wish: Wish,
  to: { certFile: string; keyFile: string; ca: Issued | undefined },
): Promise<void> {
  const number = wish.sn ?? (await openssl(directory, 'rand', '-hex', '16')).trim()
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

function plainPem(text: string): string {
  const start = text.indexOf('-----BEGIN')
  return text.slice(start).trimEnd() + '\n'
}
