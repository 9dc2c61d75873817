import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApiAnswer, Endpoints, SignedClient } from '@apsaramq/testkit'
import { ownerClient } from './target.ts'

/** Two RAM users of one account, of whom the second has two AccessKey pairs. */
export const keysOfUsers = {
  one: { accessKeyId: 'LTAIthrottleOne1', accessKeySecret: 'secret of one' },
  two: { accessKeyId: 'LTAIthrottleTwo1', accessKeySecret: 'secret of two' },
  twoAgain: { accessKeyId: 'LTAIthrottleTwo2', accessKeySecret: 'second secret of two' },
} as const

/** The account and the instance of {@link writeUsersSeed}. */
export const seeded = { accountId: '1000000000000033', instanceId: 'post-cn-throttled' } as const

const seedKeyOf = (name: keyof typeof keysOfUsers) => {
  const { accessKeyId: id, accessKeySecret: secret } = keysOfUsers[name]
  return { id, secret }
}

/** Writes a seed with the owners of {@link keysOfUsers} into a directory; returns its path. */
export async function writeUsersSeed(directory: string): Promise<string> {
  const { accountId: account, instanceId: id } = seeded
  const user = (name: string, ...keys: (keyof typeof keysOfUsers)[]) => ({
    account,
    name,
    policies: ['AliyunMQFullAccess'],
    accessKeys: keys.map(seedKeyOf),
  })
  const file = join(directory, 'users.json')
  const content = {
    accounts: [{ id: account, accessKeys: [{ id: 'LTAIthrottleOwner', secret: 'secret of the owner' }] }],
    users: [user('one', 'one'), user('two', 'two', 'twoAgain')],
    instances: [{ id, account }],
  }
  await writeFile(file, JSON.stringify(content))
  return file
}

/** A client by each of these keys. */
export function clientsOf<const K extends keyof typeof keysOfUsers>(
  endpoints: Endpoints,
  names: readonly K[],
): SignedClient[] {
  return names.map((name) => ownerClient(endpoints, { ...keysOfUsers[name], connections: 16 }))
}

/** Whether a call was refused by the throttle; one that fails for another reason was admitted. */
export function isThrottled({ body }: ApiAnswer): boolean {
  return String(body['Code']).startsWith('Throttling')
}

/** What came of calls that were offered together. */
export interface Offered {
  /** Of each client, in order. */
  admitted: number[]
  total: number
  answers: ApiAnswer[]
  refused: ApiAnswer[]
  /** From before the first call to after the last answer, in seconds: the decisions fell within them. */
  seconds: number
}

/** Signs `count` calls of each client ahead and offers all of them at once, the clients taking turns. */
export async function offerTogether(
  clients: readonly SignedClient[],
  action: string | readonly string[],
  count: number,
  parameters: Readonly<Record<string, string>>,
): Promise<Offered> {
  const actions = [action].flat()
  const calls = Array.from({ length: count }, (_, nth) =>
    clients.map((client) => ({ client, request: client.prepare(actions[nth % actions.length]!, parameters) })),
  ).flat()
  const from = performance.now()
  const answers = await Promise.all(calls.map(({ client, request }) => client.send(request)))
  const seconds = (performance.now() - from) / 1_000
  const isAdmitted = (answer: ApiAnswer) => !isThrottled(answer)
  const admitted = clients.map(
    (_, of) => answers.filter((one, at) => at % clients.length === of && isAdmitted(one)).length,
  )
  const refused = answers.filter(isThrottled)
  return { admitted, total: answers.length - refused.length, answers, refused, seconds }
}

/** How many windows of a second, one after another, a time can touch at most: the bound of a sliding window. */
export function windowsIn(seconds: number): number {
  return Math.floor(seconds) + 1
}
