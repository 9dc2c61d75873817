import type { Instance } from '@apsaramq/model'
import type { Reader } from '@apsaramq/store'
import { editsBetween } from './edits.ts'
import type { SearchBudget } from './search-budget.ts'

/** What a call asked for and did not get. */
export interface AskedInstance {
  id: string
  /** The account of the caller. */
  accountId: string
  /** The region of the endpoint. */
  regionId: string
}

const maxInstances = 1000
const maxLength = 128

/** The host name of an instance, taken for its id. */
const hostName = /\.mqtt\.aliyuncs\.com$/i

const describe = ({ id, regionId }: Instance) => `instance ${id} of ${regionId}`

/** Which instance a call may have meant: of another region, one spelled otherwise, or one of the caller's a slip away. */
export async function nearInstance(
  { id, accountId, regionId }: AskedInstance,
  { read, budget }: { read: Reader; budget: SearchBudget },
): Promise<string | undefined> {
  const there = await read.instances.get(id)
  if (there && there.regionId !== regionId)
    return `it is an ${describe(there)}, and this is the endpoint of ${regionId}`
  if (id.length > maxLength || !budget.take(maxInstances)) return undefined
  const bare = id.trim().toLowerCase().replace(hostName, '')
  const { records } = await read.instances.list('byAccount', accountId, 0, maxInstances)
  const own = records.filter((instance) => instance.id !== id)
  const same = own.find((instance) => instance.id.toLowerCase() === bare)
  if (same) return `spelled as it is: ${describe(same)}`
  const slip = own.find((instance) => editsBetween(instance.id, bare) !== undefined)
  return slip && `the account has ${describe(slip)}`
}
