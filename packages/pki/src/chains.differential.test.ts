import { X509Certificate } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { fingerprintOf, inspectCertificate } from './inspect.ts'
import { createPathVerifier } from './path-verifier.ts'
import { drawPlan, inWords, singleFlaws } from './testing/chain-plans.ts'
import { writeChain, type Chain, type ChainPlan } from './testing/chains.ts'
import { askOpenssl, describeWithOpenssl } from './testing/openssl.ts'
import { drawFrom } from './testing/seeded.ts'
import { judgedAt } from './testing/spoils.ts'

/** Draws the same chains again. */
const seed = Number(process.env['APSARAMQ_FUZZ_SEED'] ?? 20_261_124)
/** Chains that are drawn beside those that are enumerated, more by request. */
const drawn = Number(process.env['APSARAMQ_CHAINS'] ?? 1000)
const batchSize = 150
const deadlineMs = 120_000 + drawn * 100

const unprocessed = [
  'inhibit any policy, critical',
  'policies, critical',
  'resources of RFC 3779',
  'revocation list points, critical',
]
const weakSignatures = ['signature: md5', 'signature: pssSha1', 'signature: sha1'] // a handshake would refuse them

/** What OpenSSL admits and we refuse, by reason: the flaw or the twist of the chain. LIMITS.md lists them. */
const refusedWithCaution = {
  'an RSA key of the path is shorter than 1024 bits': ['key: RSA 512'], // a handshake would refuse it
  'an intermediate certificate has a critical extension that is not understood': unprocessed,
  'an intermediate certificate is signed with a weak or unknown algorithm': weakSignatures,
  'the CA certificate has a critical extension that is not understood': unprocessed,
  'the CA certificate is not a CA: BasicConstraints CA:TRUE, or keyCertSign in its key usage, is missing': [
    'no basic constraints', // OpenSSL lets the key usage of a self-signed certificate do
    'version 1',
  ],
  'the certificate has a critical extension that is not understood': [
    ...unprocessed,
    'name constraints: of a name, critical',
  ].sort(),
  'the certificate is signed with a weak or unknown algorithm': weakSignatures,
  'the certificate names itself as its issuer, but is not the registered CA': [
    'subject: that of the issuer',
    'subject: that of the issuer, no identifiers',
  ],
  'the certificates sent with it do not lead to the CA: name, key identifier or key usage do not fit': [
    'flood', // more of them than are looked at
  ],
  'the path cannot be read: the serial number is negative or too long for the API: -01': ['serial number negative'],
  'the path has name constraints, resources of RFC 3779 or a proxy certificate, none of which are processed': [
    'name constraints: of a DNS name',
    'name constraints: of a name',
  ],
  'the serial number is negative or too long for the API: -01': ['serial number negative'],
}

/** Where two certificates fit, OpenSSL passes over one whose times it cannot read; here the search ends. */
const unreadable = 'the path cannot be read: the validity of the certificate cannot be read'

interface Answer {
  plan: ChainPlan
  chain: Chain
  /** 'admitted', or why not. */
  ours: string
  theirs: boolean
}

const verifier = createPathVerifier()

function judge(plan: ChainPlan, index: number): Omit<Answer, 'theirs'> {
  const chain = writeChain(plan, `${seed}-${index}`)
  const [leaf, anchor, ...sent] = [chain.leaf, chain.anchor, ...chain.sent].map((pem) => new X509Certificate(pem))
  const anchors = [{ certificate: chain.anchor, fingerprint: fingerprintOf(anchor!) }]
  try {
    inspectCertificate(leaf!) // as the broker does before it asks
  } catch (thrown) {
    return { plan, chain, ours: (thrown as Error).message } // a CertificateError
  }
  const verdict = verifier.verify(leaf!, anchors, judgedAt, sent)
  return { plan, chain, ours: verdict.ok ? 'admitted' : verdict.detail }
}

/** A registered CA is an anchor even where it is not self-signed: LIMITS A-28 */
function needsPartialChain({ chain }: Pick<Answer, 'chain'>): boolean {
  const { subject, issuer } = new X509Certificate(chain.anchor)
  return subject !== issuer
}

async function compare(plans: readonly ChainPlan[], firstIndex: number): Promise<Answer[]> {
  const judged = plans.map((plan, index) => judge(plan, firstIndex + index))
  const answers: Answer[] = []
  for (const partial of [false, true]) {
    const options = ['-purpose', 'sslclient', '-attime', String(judgedAt / 1000)]
    const cases = judged.filter((one) => needsPartialChain(one) === partial)
    for (let from = 0; from < cases.length; from += batchSize) {
      const batch = cases.slice(from, from + batchSize)
      const chains = batch.map(({ chain }) => chain)
      const theirs = await askOpenssl(chains, partial ? [...options, '-partial_chain'] : options)
      answers.push(...batch.map((one, index) => ({ ...one, theirs: theirs[index]! })))
    }
  }
  return answers
}

describeWithOpenssl('chains, judged by us and by openssl', () => {
  let enumerated: Answer[]
  let random: Answer[]
  beforeAll(async () => {
    const draw = drawFrom(seed)
    const plans = singleFlaws()
    enumerated = await compare(plans, 0)
    const more = Array.from({ length: drawn }, () => drawPlan(draw))
    random = await compare(more, plans.length)
  }, deadlineMs)

  const inCaution = ({ ours, theirs }: Answer) => theirs && ours !== 'admitted'

  test(`of thousands of chains none that openssl refuses is admitted (seed ${seed})`, () => {
    const all = [...enumerated, ...random]
    const wrong = all.filter(({ ours, theirs }) => ours === 'admitted' && !theirs)
    expect(wrong.map(({ plan }) => inWords(plan))).toEqual([])
    // else the test would pass where everything is refused
    const admitted = all.filter(({ ours }) => ours === 'admitted').length
    expect(admitted / all.length).toBeGreaterThan(0.3)
    expect(all.length - admitted).toBeGreaterThan(1000)
  })

  test('what is refused with caution, of chains with one flaw, is what LIMITS.md lists', () => {
    const reasons: Record<string, string[]> = {}
    for (const { plan, ours } of enumerated.filter(inCaution)) {
      const what = plan.flaws[0]?.name ?? plan.twist
      const known = (reasons[ours] ??= [])
      if (!known.includes(what)) known.push(what)
    }
    for (const names of Object.values(reasons)) names.sort()
    expect(reasons).toEqual(refusedWithCaution)
  })

  test('what is refused with caution, of chains with several flaws, is refused for the same reasons', () => {
    const known = [...Object.keys(refusedWithCaution), unreadable]
    const others = random.filter(
      (answer) => inCaution(answer) && !known.some((reason) => answer.ours.startsWith(reason)),
    )
    expect(others.map(({ ours, plan }) => `${ours}: ${inWords(plan)}`)).toEqual([])
  })
})
