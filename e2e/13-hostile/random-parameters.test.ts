import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sdks, type SdkVariant } from '../support/sdk.ts'
import { seed } from '../support/seed.ts'
import { target } from '../support/target.ts'

const list = { MqttInstanceId: target.instanceId, PageNo: '1', PageSize: '10' }
const caller = { ...target, endpoints: target }

/** Where one encoding or another leaves a character as it is, and where HTTP or forms give one a meaning. */
const traps = [
  '~',
  '*',
  "'",
  '(',
  ')',
  '!',
  '+',
  '%',
  '%41',
  '&',
  '=',
  ' ',
  ';',
  '#',
  '?',
  '/',
  '\0',
  '\r\n',
  '\u00A0',
  '😀',
  'é',
  '',
]

const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.constantFrom(...traps), { maxLength: 12 }).map((parts) => parts.join('')),
  fc.nat({ max: 3_000 }).chain((length) => fc.constantFrom('a', ' ', 'é', '😀').map((unit) => unit.repeat(length))),
)
const plainName = fc.stringMatching(/^[A-Za-z0-9._~-]{0,20}$/)
const anyName = fc.oneof(
  plainName,
  value.map((text) => [...text].slice(0, 60).join('')),
)

/** Parameters that no operation knows: they are signed, and read by nobody. */
const parametersOf = (name: fc.Arbitrary<string>) =>
  fc.dictionary(
    name.map((text) => `X${text}`),
    value,
    { maxKeys: 6, noNullPrototype: true },
  )

/** V3 SDKs sign names in the query as they are, not as the page says. LIMITS A-70 */
const signsPlainNamesOnly = ({ name, signature }: SdkVariant) => signature === 'V3' && !name.endsWith('form')

async function codeOf(sdk: SdkVariant, extra: Record<string, string>): Promise<unknown> {
  try {
    const answer = await sdk.call(caller, 'ListCaCertificate', { ...list, ...extra })
    return (answer.Data as { PageSize: unknown }).PageSize === 10 ? 'done' : answer
  } catch (error) {
    return error instanceof URIError ? 'not sent' : (sdk.refusal(error).code ?? error)
  }
}

describe.each(sdks)('$name', (sdk) => {
  test('B3: whatever the parameters are, the signature verifies', async () => {
    const parameters = parametersOf(signsPlainNamesOnly(sdk) ? plainName : anyName)
    const verifies = fc.asyncProperty(parameters, async (extra) => {
      expect(await codeOf(sdk, extra)).toBe('done')
    })
    await fc.assert(verifies, { seed, numRuns: 60 })
  })

  test('B3: half a surrogate pair is either not sent by the SDK or verifies as it was sent', async () => {
    for (const text of ['\uD83D', 'a\uDE00b', '\uDE00\uD83D']) {
      expect(['done', 'not sent']).toContain(await codeOf(sdk, { Extra: text }))
    }
  })
})

test.each(sdks.filter(signsPlainNamesOnly))(
  'B3: $name: a name that has to be encoded is refused, as the SDK signs another text than the documented one',
  async (sdk) => {
    expect(await codeOf(sdk, { 'a b': 'c' })).toBe('SignatureDoesNotMatch')
  },
)
