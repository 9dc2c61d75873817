import { isGroupId } from '@apsaramq/model'
import { operations } from '@apsaramq/control-plane'
import type { SeedPath } from './seed-document.ts'
import type { SeedFaults } from './seed-faults.ts'
import type { SeedContent } from './seed-schema.ts'

/** Checks that what a seed names is there, and there once. */
export function checkReferences(content: SeedContent, faults: SeedFaults): void {
  checkUnique(content, faults)
  checkAccounts(content, faults)
  checkMemberships(content, faults)
  checkInstances(content, faults)
  checkCas(content, faults)
  checkLimits(content, faults)
}

const inAccount = ({ account, name }: { account: string; name: string }) => `${account}/${name}`

function checkUnique(content: SeedContent, faults: SeedFaults): void {
  const { accounts, userGroups = [], users = [], roles = [], instances } = content
  faults.twice(
    accounts,
    ({ id }) => id,
    (at) => ['accounts', at, 'id'],
    'an account',
  )
  faults.twice(userGroups, inAccount, (at) => ['userGroups', at, 'name'], 'a user group of its account')
  faults.twice(users, inAccount, (at) => ['users', at, 'name'], 'a user of its account')
  faults.twice(roles, inAccount, (at) => ['roles', at, 'name'], 'a role of its account')
  faults.twice(
    instances,
    ({ id }) => id.toLowerCase(),
    (at) => ['instances', at, 'id'],
    'an instance',
  )
  const keys = accessKeysOf(content)
  faults.twice(
    keys,
    ({ id }) => id,
    (at) => [...keys[at]!.path, 'id'],
    'an AccessKey ID',
  )
}

/** The AccessKey pairs of accounts and users, with where they stand. */
export function accessKeysOf({ accounts, users = [] }: SeedContent) {
  const owners = accounts.flatMap(({ id: account, accessKeys = [] }, at) =>
    accessKeys.map((key, nth) => ({
      ...key,
      account,
      user: undefined,
      path: ['accounts', at, 'accessKeys', nth] as SeedPath,
    })),
  )
  const ofUsers = users.flatMap(({ account, name: user, accessKeys = [] }, at) =>
    accessKeys.map((key, nth) => ({ ...key, account, user, path: ['users', at, 'accessKeys', nth] as SeedPath })),
  )
  return [...owners, ...ofUsers]
}

function checkAccounts(content: SeedContent, faults: SeedFaults): void {
  const known = new Set(content.accounts.map(({ id }) => id))
  for (const list of ['userGroups', 'users', 'roles', 'instances'] as const) {
    for (const [at, { account }] of (content[list] ?? []).entries()) {
      if (!known.has(account)) faults.add([list, at, 'account'], `is no account of this file: add it to accounts`)
    }
  }
  const usable = content.accounts.find(({ accessKeys = [] }) => accessKeys.some(({ status }) => status !== 'inactive'))
  if (!usable)
    faults.add(
      ['accounts'],
      'has no active AccessKey of an account: add accessKeys to one, or nobody could call the API',
    )
  else if (known.size > 0 && !content.instances.some(({ account }) => account === usable.id))
    faults.add(['instances'], `has none of account ${usable.id}, the first with an AccessKey: add one`)
}

function checkMemberships(content: SeedContent, faults: SeedFaults): void {
  const groups = new Set((content.userGroups ?? []).map(({ account, name }) => `${account}/${name}`))
  for (const [at, { account, groups: wanted = [] }] of (content.users ?? []).entries()) {
    for (const [nth, name] of wanted.entries()) {
      if (!groups.has(`${account}/${name}`))
        faults.add(['users', at, 'groups', nth], 'is no user group of the account of the user: add it to userGroups')
    }
  }
}

function checkInstances({ instances }: SeedContent, faults: SeedFaults): void {
  for (const [at, { groups = [], topics = [] }] of instances.entries()) {
    for (const [nth, id] of groups.entries()) {
      if (!isGroupId(id))
        faults.add(
          ['instances', at, 'groups', nth],
          'must be the id of a group: GID_ or GID-, then 3 to 60 letters, digits, hyphens or underscores',
        )
    }
    faults.twice(groups, String, (nth) => ['instances', at, 'groups', nth], 'a group of the instance')
    faults.twice(topics, String, (nth) => ['instances', at, 'topics', nth], 'a topic of the instance')
  }
}

function checkCas({ instances, cas = [], devices = [] }: SeedContent, faults: SeedFaults): void {
  const known = new Set(instances.map(({ id }) => id))
  for (const [at, ca] of cas.entries()) {
    if (!known.has(ca.instance)) faults.add(['cas', at, 'instance'], 'is no instance of this file: add it to instances')
    if ((ca.certificate === undefined) === (ca.emulatorCa === undefined))
      faults.add(['cas', at], 'needs one of certificate and emulatorCa: true, and not both')
    if (ca.emulatorCa && ca.verification !== undefined)
      faults.add(['cas', at, 'verification'], 'goes with certificate: the CA of the emulator has its own')
  }
  faults.twice(
    cas,
    ({ instance, name }) => `${instance}/${name}`,
    (at) => ['cas', at, 'name'],
    'a CA of its instance',
  )
  for (const [at, device] of devices.entries()) {
    const found = cas.filter((ca) => ca.name === device.ca && (device.instance ?? ca.instance) === ca.instance)
    if (found.length === 0) faults.add(['devices', at, 'ca'], 'is the name of no CA of this file: add it to cas')
    if (found.length > 1) faults.add(['devices', at, 'ca'], 'is the name of several CAs: say which by instance')
  }
}

function checkLimits({ limits = {} }: SeedContent, faults: SeedFaults): void {
  for (const action of Object.keys(limits)) {
    if (!operations.some((operation) => operation.action === action))
      faults.list.push({
        path: ['limits', action],
        says: 'is no operation that is served: COVERAGE.md lists them',
        atKey: true,
      })
  }
}
