import type { Instance } from '@apsaramq/model'
import { Type, type Static } from '@sinclair/typebox'
import { defineAccountOperation, type CallContext } from './define-operation.ts'
import { parseTagFilter, Tags } from './instance-tags.ts'
import { permissionDenied, sessionOperation } from './session-operation.ts'

const InstanceView = Type.Object({
  InstanceId: Type.String(),
  InstanceName: Type.String(),
  InstanceStatus: Type.Number(),
  InstanceType: Type.Number(),
  Specific: Type.Optional(Type.String()),
  RegionId: Type.String(),
  CreateTime: Type.Number(),
  KernelVersion: Type.String(),
  MqttTags: Type.Array(Type.Object({ TagKey: Type.String(), TagValue: Type.String() })),
})

/** Lists the instances of the account in the region of the endpoint, in the order of their creation. */
export const listInstances = defineAccountOperation({
  ...sessionOperation,
  instanceParameter: undefined,
  action: 'ListInstances',
  methods: ['GET', 'POST'],
  httpsOnly: true,
  params: Type.Object({ Tags: Type.Optional(Tags) }),
  result: Type.Object({
    Code: Type.String(),
    Message: Type.String(),
    Success: Type.String(),
    Instances: Type.Array(InstanceView),
  }),
  errors: ['InvalidParameter.%s', 'PermissionCheckFailed', 'InternalError'],
  quota: { perSecond: 500, scope: 'account', assumed: 'A-36' },
  ram: { action: 'mq:ListInstances', dependsOn: [], deniedAs: permissionDenied }, // LIMITS A-42
  evidence: 'ListInstances page, 2025: it lists neither errors nor a RAM action',

  async handle({ Tags: asked = '' }, context) {
    const wanted = parseTagFilter(asked)
    const own = await instancesOf(context)
    const instances = own.filter(({ tags = [] }) =>
      wanted.every(({ key, value }) => tags.some((tag) => tag.key === key && tag.value === value)),
    )
    context.assume('A-42', context.accountId)
    return { Code: '200', Message: 'operation success.', Success: 'true', Instances: instances.map(viewInstance) }
  },
})

async function instancesOf({ store, accountId, settings }: CallContext): Promise<Instance[]> {
  const { records } = await store.read.instances.list('byAccount', accountId, 0, Number.MAX_SAFE_INTEGER)
  return records.filter(({ regionId }) => regionId === settings.regionId)
}

/** The numbers, the kernel and the specification are those of the documented example. LIMITS A-42 */
function viewInstance({ id, name, edition, regionId, createdAt, tags = [] }: Instance): Static<typeof InstanceView> {
  return {
    InstanceId: id,
    InstanceName: name,
    InstanceStatus: 5,
    InstanceType: 4,
    ...(edition === 'professional' && { Specific: 'mqtt.p2.1xlarge' }), // vendor: of the Professional edition only
    RegionId: regionId,
    CreateTime: createdAt,
    KernelVersion: 'V3.3.0',
    MqttTags: tags.map(({ key, value }) => ({ TagKey: key, TagValue: value })),
  }
}
