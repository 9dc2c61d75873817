import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { admitOnce } from '../support/admit-once.ts'
import { deleteLater, makeDevice } from '../support/certificates.ts'
import { describeWith } from '../support/describe-with.ts'
import { expectExplained } from '../support/explained.ts'
import { libcloudCalls, type LibcloudAnswer, type LibcloudCall, type LibcloudCaller } from '../support/libcloud.ts'
import { issueCa, issueUnder } from '../support/openssl.ts'
import { otherOperations } from '../support/operation-names.ts'
import { ownProgram } from '../support/own-program.ts'
import { describeOwnProgram, ownerClient, target, unique, user } from '../support/target.ts'
import { libcloudPython, opensslTool } from '../support/tools.ts'

const { instanceId } = target
const client = ownerClient()
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
})
afterAll(async () => {
  client.close()
  await rm(directory, { recursive: true, force: true })
})

const uuid = expect.stringMatching(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/) as string

function owner(origin: string): LibcloudCaller {
  const { accessKeyId, accessKeySecret, caFile } = target
  return { origin, accessKeyId, accessKeySecret, ...(origin.startsWith('https:') && { caFile }) }
}

/** A call about the instance. */
const on = (action: string, parameters: Record<string, string>, method: 'GET' | 'POST' = 'POST'): LibcloudCall => ({
  action,
  parameters: { MqttInstanceId: instanceId, ...parameters },
  method,
})

/** What an answer has below its RequestId; fails where it is none. */
function toldOf(answer: LibcloudAnswer | undefined, { action }: LibcloudCall): Record<string, unknown[]> {
  expect(answer).toMatchObject({ status: 200, root: `${action}Response`, id: uuid })
  const { RequestId, ...rest } = (answer as Extract<LibcloudAnswer, { told: object }>).told
  expect(RequestId).toHaveLength(1)
  return rest
}

/** Makes calls that are done, and gives what was told of each. */
async function done(origin: string, ...calls: LibcloudCall[]): Promise<Record<string, unknown[]>[]> {
  const answers = await libcloudCalls(owner(origin), calls)
  return calls.map((call, at) => toldOf(answers[at], call))
}

/** Plain JSON as XML has it: each value a list, each leaf a text, an empty list nothing. */
function asXml(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).filter(([, one]) => !(Array.isArray(one) && one.length === 0))
  return Object.fromEntries(entries.map(([name, one]) => [name, [one].flat().map(asXml)]))
}

async function inJson({ action, parameters = {} }: LibcloudCall): Promise<unknown> {
  const { status, body } = await client.call(action, parameters)
  expect(status).toBe(200)
  const { RequestId: _, ...rest } = body
  return asXml(rest)
}

const textAt = async (path: string) => (await fetch(`${target.api}${path}`)).text()

const origins = [
  ['HTTP', target.api],
  ['HTTPS', target.apiTls],
] as const

const reading = { MqttInstanceId: instanceId, PageNo: '1', PageSize: '10' }
const invalid = 'Failed to validate the parameters. The parameters may be missing or invalid.'

/** What is wrong, the call, what Libcloud reads of the answer, and the cause in the log. */
const refusals: [string, LibcloudCall, [number, string, string | RegExp], string][] = [
  [
    'an action nobody knows',
    { action: 'MakeCoffee' },
    [404, 'InvalidAction.NotFound', 'Specified api is not found, please check your url and method.'],
    'unknown-operation',
  ],
  [
    'an unknown access key',
    { action: 'ListCaCertificate', parameters: reading, as: { accessKeyId: 'LTAInobody' } },
    [404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.'],
    'unknown-access-key',
  ],
  [
    'the text it should have signed',
    { action: 'ListCaCertificate', parameters: reading, as: { accessKeySecret: 'wrong' } },
    [
      400,
      'SignatureDoesNotMatch',
      /^Specified signature is not matched with our calculation\. server string to sign is:GET&%2F&AccessKeyId%3D/,
    ],
    'signature-mismatch',
  ],
  [
    'a missing parameter',
    on('ListCaCertificate', { PageNo: '1' }, 'GET'),
    [400, 'ParameterFieldCheckFailed', invalid],
    'parameter-missing',
  ],
  [
    'a parameter that fails its own check',
    on('ListCaCertificate', { PageNo: '0', PageSize: '1' }, 'GET'),
    [500, 'ParameterFieldCheckFailed', invalid],
    'parameter-invalid',
  ],
  [
    'an instance nobody has',
    on('ListCaCertificate', { ...reading, MqttInstanceId: 'post-cn-nowhere0001' }, 'GET'),
    [500, 'MqttInstanceNotFound', 'Specified instance is not found'],
    'instance-not-found',
  ],
  [
    "another account's instance",
    {
      ...on('ListCaCertificate', reading, 'GET'),
      as: target.users.find(({ accountId }) => accountId !== target.accountId)!,
    },
    [403, 'MqttOwnerCheckError', 'Failed to validate the instance permission'],
    'instance-of-another-account',
  ],
  [
    'what a policy does not allow',
    { ...on('DeleteCaCertificate', { Sn: '0abc' }), as: user('reader') },
    [403, 'PermissionCheckFailed', 'Failed to verify API permissions.'],
    'permission-denied',
  ],
  [
    'a device nobody has',
    on('GetDeviceCertificate', { CaSn: 'deadbeef', DeviceSn: 'deadbeef' }, 'GET'),
    [500, 'FindDeviceBySnError', 'Failed to find the device certificate by the SN. Please check sn is valid'],
    'ca-not-found',
  ],
  [
    'a CA nobody has',
    on('GetCaCertificate', { Sn: 'deadbeef' }, 'GET'),
    [500, 'FindCaBySnError', 'Failed to find the CA by the SN. Please check sn is valid.'],
    'ca-not-found',
  ],
  [
    'a PEM that is none',
    on('RegisterCaCertificate', { CaName: 'x', CaContent: '<&]]>', VerificationContent: '\u0001' }),
    [
      401,
      'CertificateContentError',
      'Certificate content error, please check ca/verification certificate content. ' +
        'BasicConstraints extension should be set to true in CA certificate.',
    ],
    'certificate-unusable',
  ],
]

const served = new Set(['BatchQuerySessionByClientIds', 'CloseConnection', 'ListInstances', 'QuerySessionByClientId'])
const declined = otherOperations.filter((action) => !served.has(action))

describeWith(libcloudPython, 'Apache Libcloud, which reads XML and nothing else', () => {
  describe.each(origins)('over %s', (_, origin) => {
    let answers: LibcloudAnswer[]
    beforeAll(async () => {
      const calls = refusals.map(([, call]) => call)
      answers = await libcloudCalls(owner(origin), calls)
    })

    test.each(refusals.map((row, at) => [...row, at] as const))(
      'B2: reads %s',
      async (_what, _call, told, cause, at) => {
        const [refused, code, text] = told
        const message = typeof text === 'string' ? text : expect.stringMatching(text)
        const answer = answers[at] as Extract<LibcloudAnswer, { refused: number }>
        expect(answer).toEqual({ refused, code, message, request_id: uuid, host_id: expect.any(String) })
        await expectExplained({ requestId: answer.request_id }, cause)
      },
    )

    test('B1: reads of each operation that is not served that it is declined', async () => {
      expect(declined).toHaveLength(33)
      const calls = declined.flatMap((action) => [on(action, {}, 'GET'), on(action, {}, 'POST')])
      const message = 'The specified API is not supported.'
      const wanted = { refused: 404, code: 'ApiNotSupport', message, request_id: uuid, host_id: expect.any(String) }
      expect(await libcloudCalls(owner(origin), calls)).toEqual(calls.map(() => wanted))
    })
  })

  describeWith(opensslTool, 'with certificates of openssl', () => {
    test.each(origins)('B2: reads what the JSON says, of every certificate operation, over %s', async (_, origin) => {
      const [code] = await done(origin, on('GetRegisterCode', {}, 'GET'))
      const ca = await issueCa(directory, { commonName: unique('e2e-ca-') })
      const { cert } = await issueUnder(ca, { commonName: String(code!.RegisterCode) })
      const CaName = `a<b>&"'é😀${unique()}`
      const pems = { CaContent: ca.cert, VerificationContent: cert }
      const [registered] = await done(origin, on('RegisterCaCertificate', { CaName, ...pems }))
      const Sn = String(registered!.Sn)
      deleteLater(instanceId, Sn)
      const device = await makeDevice({ ...ca, caSn: Sn })
      await admitOnce(target, device)

      const names = { CaSn: Sn, DeviceSn: device.sn }
      const page = { PageNo: '1', PageSize: '100' }
      const reads = [
        on('GetCaCertificate', { Sn }, 'GET'),
        on('GetDeviceCertificate', names, 'GET'),
        on('ListCaCertificate', page, 'GET'),
        on('ListDeviceCertificate', page, 'GET'),
        on('ListDeviceCertificateByCaSn', { CaSn: Sn, ...page }, 'GET'),
        on('ListDeviceCertificate', { PageNo: '99999', PageSize: '1' }, 'GET'),
      ]
      const told = await done(origin, ...reads)
      expect(told).toEqual(await Promise.all(reads.map(inJson)))
      expect(told[0]).toMatchObject({ Data: [{ CaName: [CaName], CaContent: [ca.cert], VerificationContent: [cert] }] })
      const [{ DeviceSn }] = told[1]!.Data as [{ DeviceSn: string[] }]

      const ofDevice = ['InactivateDeviceCertificate', 'ActiveDeviceCertificate', 'DeleteDeviceCertificate']
      const ofCa = ['InactivateCaCertificate', 'ActiveCaCertificate', 'DeleteCaCertificate']
      const changes = [...ofDevice.map((action) => on(action, names)), ...ofCa.map((action) => on(action, { Sn }))]
      expect(await done(origin, ...changes)).toEqual([
        ...ofDevice.map(() => ({ DeviceSn })),
        ...ofCa.map(() => ({ Sn: [Sn] })),
      ])
    })
  })

  test('K2: does not speak to a server whose CA it does not trust', async () => {
    const { caFile: _, ...untrusting } = owner(target.apiTls)
    const [answer] = await libcloudCalls(untrusting, [on('ListCaCertificate', reading, 'GET')])
    expect(answer).toEqual({ failed: 'SSLError', message: expect.stringContaining('CERTIFICATE_VERIFY_FAILED') })
  })

  describeOwnProgram('throttled', () => {
    test('D4: reads that it calls too often', async () => {
      const { api, ...caller } = (await ownProgram(['--limit', '1'])).endpoints()
      const list = on('ListCaCertificate', { ...reading, MqttInstanceId: caller.instanceId }, 'GET')
      const { accessKeyId, accessKeySecret } = caller
      const [first, second] = await libcloudCalls({ origin: api, accessKeyId, accessKeySecret }, [list, list])
      expect(first).toMatchObject({ status: 200, root: 'ListCaCertificateResponse' })
      expect(second).toEqual({
        refused: 400,
        code: 'Throttling.User',
        message: 'Request was denied due to user flow control.',
        request_id: uuid,
        host_id: expect.any(String),
      })
    })
  })
})

test('B2: what is no call at all is answered in the format that it names, and else in JSON', async () => {
  expect(await textAt('/nowhere?Format=XML')).toMatch(/^<\?xml version='1.0' encoding='UTF-8'\?><Error><RequestId>/)
  expect(JSON.parse(await textAt('/nowhere?Format=YAML'))).toMatchObject({ Code: 'InvalidAction.NotFound' })
})
