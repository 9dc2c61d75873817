import { writeFile } from 'node:fs/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signedClient, startProgram, type Program, type SignedClient } from '@apsaramq/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anyPorts } from '../support/any-ports.ts'
import { describeOwnProgram } from '../support/target.ts'
import { documentedErrorsOf, documentedFor, type DocumentedError } from './documented-errors.ts'
import { provocations, provokedFlags, provokedSeed, type Provoked } from './provocations.ts'

const rows = documentedErrorsOf('e2e/02-operations/documented-errors.test.ts')

describeOwnProgram('every documented error of every operation', () => {
  let directory: string
  let program: Program
  let provoked: Provoked
  const clients = new Map<string, SignedClient>()

  function clientOf(accessKeyId = 'OWNER'): SignedClient {
    const accessKeySecret = `${accessKeyId.toLowerCase()}-secret`
    const made =
      clients.get(accessKeyId) ?? signedClient({ endpoint: program.endpoints().api, accessKeyId, accessKeySecret })
    clients.set(accessKeyId, made)
    return made
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'apsaramq-e2e-'))
    const seed = join(directory, 'seed.json')
    await writeFile(seed, JSON.stringify(provokedSeed))
    const args = ['start', ...anyPorts, '--seed', seed, ...provokedFlags]
    program = await startProgram({ args, dataDir: join(directory, 'data') })
    provoked = await stateOf(clientOf(), directory)
  })
  afterAll(async () => {
    for (const client of clients.values()) client.close()
    await program?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test.each(rows)('B4: $operation answers $code: $how', async (row) => {
    const { accessKeyId, parameters } = await provocations[row.how]!(row.operation, provoked)
    const answer = await clientOf(accessKeyId).call(row.operation, parameters)
    const { status, message } = documentedFor(row)
    expect({ status: answer.status, body: answer.body }).toEqual({
      status,
      body: {
        RequestId: answer.requestId,
        HostId: 'onsmqtt.cn-hangzhou.aliyuncs.com',
        Code: codeOf(row),
        Message: message,
        Recommend: expect.stringContaining(`troubleshoot?q=${String(answer.body.Code)}&product=OnsMqtt`) as unknown,
      },
    })
  })
})

/** The one CA of the seed, and the register code that its registration used up. */
async function stateOf(owner: SignedClient, directory: string): Promise<Provoked> {
  const MqttInstanceId = provokedSeed.instances[0]!.id
  const { body } = await owner.call('ListCaCertificate', { MqttInstanceId, PageNo: '1', PageSize: '1' })
  const [ca] = (body.Data as { CaCertificateVOS: { Sn: string; RegistrationCode: string }[] }).CaCertificateVOS
  const newRegisterCode = async () =>
    String((await owner.call('GetRegisterCode', { MqttInstanceId })).body.RegisterCode)
  return { directory, used: { sn: ca!.Sn, registerCode: ca!.RegistrationCode }, newRegisterCode }
}

/** The variable part of a code is the parameter that was wrong. */
function codeOf({ operation, code }: DocumentedError): string {
  const wrong = { BatchQuerySessionByClientIds: 'ClientIdList', ListInstances: 'Tags' }[operation] ?? 'ClientId'
  return code.replace('%s', wrong)
}
