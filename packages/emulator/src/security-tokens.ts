import { parsePolicy, PolicyError } from '@apsaramq/control-plane'
import {
  toHex,
  type Clock,
  type PolicyDocument,
  type Random,
  type SecurityToken,
  type TokenHolder,
} from '@apsaramq/model'
import type { Store, Transaction } from '@apsaramq/store'

/** Temporary credentials that somebody asks for; without user and role they are the account owner's. */
export interface TokenRequest {
  /** The account of the default instance where it is left out. */
  accountId?: string
  /** Name or id of a RAM user of the account. */
  user?: string
  /** Name or id of a RAM role of the account. */
  role?: string
  sessionName?: string
  /** 3,600 where it is left out. vendor: AssumeRole takes 900 at least; here a test may have less. */
  durationSeconds?: number
  /** A session policy, which narrows what the holder may do. */
  policy?: unknown
}

/** What issuing works with. */
export interface TokenParts {
  store: Store
  clock: Clock
  random: Random
  /** Id of the instance whose account is meant where a request names none. */
  defaultInstance(): string
}

/** A request for a token that cannot be granted. The message is for a user. */
export class TokenRequestError extends Error {
  override readonly name = 'TokenRequestError'
  readonly statusCode: 400 | 409

  constructor(message: string, statusCode: 400 | 409 = 400) {
    super(message)
    this.statusCode = statusCode
  }
}

/** Longest life of a token, in seconds (RAM, MaxSessionDuration). */
export const maxDurationSeconds = 43_200

/** Longest session policy, in characters (STS, notice of 2022). */
const maxSessionPolicyLength = 2048

/** Tokens that are kept at once. */
export const maxSecurityTokens = 10_000

/** How long an expired token is known as one that has expired, in milliseconds. */
const keptAfterExpiryMs = 24 * 60 * 60 * 1000

/** Records that one issue looks through for those to forget: more than it adds. */
const purgedAtOnce = 100

async function accountOf({ accountId }: TokenRequest, { store, defaultInstance }: TokenParts): Promise<string> {
  const id = accountId ?? (await store.read.instances.get(defaultInstance()))?.accountId
  if (id === undefined) throw new TokenRequestError('there is no default instance: give the accountId')
  if (await store.read.accounts.get(id)) return id
  throw new TokenRequestError(`there is no account ${id}`)
}

async function named(
  kind: 'users' | 'roles',
  wanted: string,
  accountId: string,
  { store }: TokenParts,
): Promise<string> {
  const { records } = await store.read[kind].list('byAccount', accountId, 0, Number.MAX_SAFE_INTEGER)
  const found = records.find(({ id, name }) => name === wanted || id === wanted)
  if (found) return found.id
  const what = kind === 'users' ? 'RAM user' : 'role'
  const known = records.slice(0, 10).map(({ name }) => name)
  throw new TokenRequestError(
    `account ${accountId} has no ${what} ${wanted}: it has ${known.length === 0 ? 'none' : known.join(', ')}`,
  )
}

async function holderOf(request: TokenRequest, accountId: string, parts: TokenParts): Promise<TokenHolder> {
  const { user, role } = request
  if (user !== undefined && role !== undefined) throw new TokenRequestError('give user or role, not both')
  if (user !== undefined) return { kind: 'user', userId: await named('users', user, accountId, parts) }
  if (role !== undefined) return { kind: 'role', roleId: await named('roles', role, accountId, parts) }
  return { kind: 'owner' }
}

function sessionPolicy(input: unknown): PolicyDocument | null {
  if (input === undefined || input === null) return null
  try {
    const policy = parsePolicy(input)
    const { length } = JSON.stringify(policy)
    if (length <= maxSessionPolicyLength) return policy
    throw new PolicyError('', `has ${length} characters, more than the ${maxSessionPolicyLength} of a session policy`)
  } catch (error) {
    if (error instanceof PolicyError) throw new TokenRequestError(`policy: ${error.message}`)
    throw error
  }
}

/** vendor: a token begins with CAIS; the characters that encoders of URLs get wrong are in each of these. */
function tokenText(random: Random): string {
  return Buffer.concat([Buffer.from([0x08, 0x02, 0x12, 0xfb, 0xff, 0xfe]), random.bytes(184)]).toString('base64')
}

/** Forgets the oldest of those that nobody will ask about any more. */
async function purge(tx: Transaction, now: number): Promise<void> {
  const { records } = await tx.securityTokens.list('all', '', 0, purgedAtOnce)
  for (const { accessKeyId, expiresAt } of records) {
    if (expiresAt + keptAfterExpiryMs <= now) tx.securityTokens.delete(accessKeyId)
  }
}

/** Makes room where there is none, by forgetting all that has expired. */
async function makeRoom(tx: Transaction, now: number): Promise<void> {
  if ((await tx.securityTokens.count('all', '')) < maxSecurityTokens) return
  const { records } = await tx.securityTokens.list('all', '', 0, maxSecurityTokens)
  const expired = records.filter(({ expiresAt }) => expiresAt <= now)
  if (expired.length === 0) {
    throw new TokenRequestError(
      `there are ${maxSecurityTokens} security tokens that have not expired: delete some with DELETE /security-tokens/ID`,
      409,
    )
  }
  for (const { accessKeyId } of expired) tx.securityTokens.delete(accessKeyId)
}

/**
 * Issues temporary credentials, durable when it resolves. Nobody is asked whether the holder may have them.
 *
 * @throws {TokenRequestError} when the request names what is not there, or a policy that cannot be taken
 */
export async function issueSecurityToken(request: TokenRequest, parts: TokenParts): Promise<SecurityToken> {
  const { store, clock, random } = parts
  const accountId = await accountOf(request, parts)
  const issuedAt = clock.now()
  const token: SecurityToken = {
    accessKeyId: `STS.${toHex(random.bytes(12)).toUpperCase()}`,
    secret: toHex(random.bytes(20)),
    token: tokenText(random),
    accountId,
    holder: await holderOf(request, accountId, parts),
    sessionName: request.sessionName ?? 'emulator',
    policy: sessionPolicy(request.policy),
    issuedAt,
    expiresAt: issuedAt + (request.durationSeconds ?? 3600) * 1000,
  }
  await store.transact(async (tx) => {
    await purge(tx, issuedAt)
    await makeRoom(tx, issuedAt)
    tx.securityTokens.put(token)
  })
  return token
}

/** Ends the credentials of an id at once; false where there are none. */
export function deleteSecurityToken(accessKeyId: string, { store }: TokenParts): Promise<boolean> {
  return store.transact(async (tx) => {
    if (!(await tx.securityTokens.get(accessKeyId))) return false
    tx.securityTokens.delete(accessKeyId)
    return true
  })
}
