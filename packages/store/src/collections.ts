import {
  caKey,
  deviceKey,
  serialNumberKey,
  withinInstance,
  type AccessKey,
  type Account,
  type CaCertificate,
  type CaTombstone,
  type DeviceCertificate,
  type Group,
  type Instance,
  type RegisterCode,
  type Role,
  type SecurityToken,
  type Topic,
  type User,
  type UserGroup,
} from '@apsaramq/model'

/** How a collection finds its records. */
export interface CollectionDefinition<R> {
  /** The key of a record, unique in the collection. */
  key(record: R): string
  /**
   * Ordered groups of records by name: each function names the group a record stands in. A group lists its
   * records in the order in which they first came.
   */
  groups: Record<string, (record: R) => string>
  /** True where there may be a million records: they are streamed, one a line. */
  large: boolean
}

function define<R>() {
  return <const G extends Record<string, (record: R) => string>>(definition: {
    key(record: R): string
    groups: G
    large?: true
  }) => ({ large: false, ...definition }) satisfies CollectionDefinition<R>
}

/** Every durable collection: its key and its groups. */
export const collections = {
  accounts: define<Account>()({ key: (account) => account.id, groups: { all: () => '' } }),
  users: define<User>()({ key: (user) => user.id, groups: { byAccount: (user) => user.accountId } }),
  userGroups: define<UserGroup>()({ key: (group) => group.id, groups: { byAccount: (group) => group.accountId } }),
  roles: define<Role>()({ key: (role) => role.id, groups: { byAccount: (role) => role.accountId } }),
  securityTokens: define<SecurityToken>()({
    key: (token) => token.accessKeyId,
    groups: { all: () => '', byToken: (token) => token.token },
  }),
  accessKeys: define<AccessKey>()({
    key: (accessKey) => accessKey.id,
    groups: { byAccount: (accessKey) => accessKey.accountId },
  }),
  instances: define<Instance>()({
    key: (instance) => instance.id,
    groups: { all: () => '', byAccount: (instance) => instance.accountId },
  }),
  groups: define<Group>()({
    key: (group) => withinInstance(group.instanceId, group.id),
    groups: { byInstance: (group) => group.instanceId },
  }),
  topics: define<Topic>()({
    key: (topic) => withinInstance(topic.instanceId, topic.name),
    groups: { byInstance: (topic) => topic.instanceId },
  }),
  registerCodes: define<RegisterCode>()({
    key: (code) => code.code,
    groups: { byInstance: (code) => code.instanceId },
  }),
  caCertificates: define<CaCertificate>()({
    key: (ca) => caKey(ca.instanceId, ca.sn),
    groups: {
      all: () => '',
      byInstance: (ca) => ca.instanceId,
      bySubject: (ca) => ca.subject,
      byRegionAndSn: (ca) => `${ca.regionId}/${serialNumberKey(ca.sn)}`,
      byId: (ca) => ca.id,
    },
  }),
  deviceCertificates: define<DeviceCertificate>()({
    key: (device) => deviceKey(device.caId, device.sn),
    groups: { byCa: (device) => device.caId },
    large: true,
  }),
  caTombstones: define<CaTombstone>()({ key: (tombstone) => tombstone.caId, groups: { all: () => '' } }),
}

/** Name of a durable collection. */
export type CollectionName = keyof typeof collections

/** The record type of a collection. */
export type RecordOf<C extends CollectionName> = Parameters<(typeof collections)[C]['key']>[0]

/** The names of a collection's groups. */
export type GroupOf<C extends CollectionName> = keyof (typeof collections)[C]['groups'] & string
