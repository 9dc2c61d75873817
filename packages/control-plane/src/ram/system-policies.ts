import type { PolicyDocument, SystemPolicyName } from '@apsaramq/model'

const allow = (...Action: string[]): PolicyDocument => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
})

/**
 * What the system policies allow, without their statements about other services (their pages in the RAM developer
 * reference, 2022 to 2025). vendor: none of the last three has mq:MqttInstanceAccess, which most operations depend on.
 * The page of AliyunMQSubOnlyAccess was not seen. LIMITS A-48
 */
export const systemPolicies: Readonly<Record<SystemPolicyName, PolicyDocument>> = {
  AliyunMQFullAccess: allow('mq:*'),
  AliyunMQReadOnlyAccess: allow(
    'mq:OnsInstanceBaseInfo',
    'mq:List*',
    'mq:Query*',
    'mq:Get*',
    'mq:Download*',
    'mq:Dashboard*',
  ),
  AliyunMQPubOnlyAccess: allow('mq:PUB', 'mq:OnsInstanceBaseInfo'),
  AliyunMQSubOnlyAccess: allow('mq:SUB', 'mq:OnsInstanceBaseInfo'),
}
