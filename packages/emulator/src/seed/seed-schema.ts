import { Type, type Static, type TObject, type TProperties } from '@sinclair/typebox'

const object = <P extends TProperties>(properties: P, description: string): TObject<P> =>
  Type.Object(properties, { additionalProperties: false, description })

const optional = Type.Optional

const name = (of: string) =>
  Type.String({ minLength: 1, maxLength: 128, description: `the name of ${of}: text of 1 to 128 characters` })

const accountId = (description: string) => Type.String({ pattern: '^\\d{16}$', description })

const accountRef = accountId('the id of an account of this file: 16 digits in quotes')

const instanceRef = Type.String({ minLength: 1, description: 'the id of an instance of this file: text' })

const oneOf = <const V extends readonly string[]>(values: V) =>
  Type.Unsafe<V[number]>({ type: 'string', enum: [...values], description: `one of ${values.join(', ')}` })

const status = oneOf(['active', 'inactive'])

const certificate = (of: string) =>
  Type.String({
    minLength: 1,
    description: `${of}: PEM text, or the path of a PEM file, relative to this one`,
  })

const accessKeys = Type.Array(
  object(
    {
      id: Type.String({
        pattern: '^[0-9A-Za-z._-]{1,128}$',
        description: 'an AccessKey ID: 1 to 128 letters, digits, dots, hyphens and underscores',
      }),
      secret: Type.String({ minLength: 1, maxLength: 256, description: 'an AccessKey secret: text in quotes' }),
      status: optional(status),
    },
    'an AccessKey pair: id and secret',
  ),
  { description: 'a list of AccessKey pairs' },
)

const policies = Type.Array(
  Type.Unsafe<string | object>({
    anyOf: [{ type: 'string', minLength: 1 }, { type: 'object' }],
    description: 'the name of a policy, or a policy document with Version "1" and a Statement',
  }),
  { description: 'a list of policies: names of this file or of the product, or policy documents' },
)

const holder = { account: accountRef, policies: optional(policies) }

/** The JSON Schema of a seed file, whose descriptions are what an error says a value must be. */
export const seedSchema = Type.Object(
  {
    accounts: Type.Array(
      object(
        {
          id: accountId('the id of an account: 16 digits in quotes'),
          name: optional(name('an account')),
          accessKeys: optional(accessKeys),
        },
        'an account: id, name, accessKeys',
      ),
      { minItems: 1, description: 'a list of at least one account; the first with an AccessKey is the default' },
    ),
    policies: optional(
      Type.Record(Type.String(), Type.Unsafe<object>({ type: 'object', description: 'a policy document' }), {
        description: 'policy documents by name, for the lists of policies below',
      }),
    ),
    userGroups: optional(
      Type.Array(object({ ...holder, name: name('a user group') }, 'a RAM user group: account, name, policies'), {
        description: 'a list of RAM user groups',
      }),
    ),
    users: optional(
      Type.Array(
        object(
          {
            ...holder,
            name: name('a RAM user'),
            groups: optional(
              Type.Array(name('a user group of the account'), { description: 'a list of names of user groups' }),
            ),
            accessKeys: optional(accessKeys),
          },
          'a RAM user: account, name, groups, policies, accessKeys',
        ),
        { description: 'a list of RAM users' },
      ),
    ),
    roles: optional(
      Type.Array(object({ ...holder, name: name('a RAM role') }, 'a RAM role: account, name, policies'), {
        description: 'a list of RAM roles',
      }),
    ),
    instances: Type.Array(
      object(
        {
          id: Type.String({
            pattern: '^[0-9A-Za-z_-]{1,64}$',
            description: 'the id of an instance: 1 to 64 letters, digits, hyphens and underscores',
          }),
          account: accountRef,
          name: optional(name('an instance')),
          edition: optional(oneOf(['platinum', 'professional'])),
          tls: optional(oneOf(['mutual', 'one-way'])),
          region: optional(
            Type.String({ pattern: '^[a-z0-9-]{1,32}$', description: 'a region id, for example cn-hangzhou' }),
          ),
          groups: optional(
            Type.Array(Type.String({ description: 'the id of a group: GID_ or GID- and 3 to 60 characters' }), {
              description: 'a list of group ids',
            }),
          ),
          topics: optional(
            Type.Array(
              Type.String({ pattern: '^[^/+#\\s]{1,64}$', description: 'a parent topic: no slash, no wildcard' }),
              { description: 'a list of parent topics' },
            ),
          ),
        },
        'an instance: id, account, name, edition, tls, region, groups, topics',
      ),
      { minItems: 1, description: 'a list of at least one instance' },
    ),
    cas: optional(
      Type.Array(
        object(
          {
            name: name('a CA'),
            instance: instanceRef,
            certificate: optional(certificate('the CA certificate')),
            emulatorCa: optional(
              Type.Literal(true, {
                description: 'true, in the place of certificate: the device CA whose key the emulator holds',
              }),
            ),
            verification: optional(certificate('the verification certificate, whose common name is the register code')),
            status: optional(status),
          },
          'a CA: name, instance, certificate or emulatorCa, verification, status',
        ),
        { description: 'a list of registered CA certificates' },
      ),
    ),
    devices: optional(
      Type.Array(
        object(
          {
            ca: name('a CA of this file'),
            instance: optional(instanceRef),
            certificate: certificate('the device certificate'),
            status: optional(status),
          },
          'a device: ca, certificate, status; instance where several CAs have the name',
        ),
        { description: 'a list of registered device certificates' },
      ),
    ),
    limits: optional(
      Type.Record(
        Type.String(),
        Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'calls a second: a whole number from 1' }),
        { description: 'calls a second per account, by operation' },
      ),
    ),
  },
  {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Seed of apsaramq-emulator',
    additionalProperties: false,
    description: 'a mapping with accounts and instances',
  },
)

/** The content of a seed file. */
export type SeedContent = Static<typeof seedSchema>
