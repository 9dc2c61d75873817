/** Properties under the names of the standard, as Paho has them; user properties as pairs. */
export type Properties = Record<string, unknown>

/** mqtt.js names this one in the plural. */
const plural = { standard: 'SubscriptionIdentifierAvailable', mqttJs: 'subscriptionIdentifiersAvailable' }

/** For mqtt.js, which begins them with a small letter and keeps user properties in an object. */
export function optionsOfMqttJs(properties: Properties): object {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => {
      if (name === 'UserProperty') return ['userProperties', Object.fromEntries(value as [string, string][])]
      if (name === 'CorrelationData') return ['correlationData', Buffer.from(String(value))]
      if (name === 'PayloadFormatIndicator') return ['payloadFormatIndicator', value === 1]
      return [name[0]!.toLowerCase() + name.slice(1), value]
    }),
  )
}

/** Of mqtt.js. */
export function propertiesOf(properties: object = {}): Properties {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [standardName(name), plain(name, value)]))
}

function standardName(name: string): string {
  if (name === 'userProperties') return 'UserProperty'
  return name === plural.mqttJs ? plural.standard : name[0]!.toUpperCase() + name.slice(1)
}

function plain(name: string, value: unknown): unknown {
  if (name === 'userProperties') return Object.entries(value as object)
  if (name === 'subscriptionIdentifier') return [value].flat()
  if (Buffer.isBuffer(value)) return value.toString()
  return typeof value === 'boolean' ? Number(value) : value
}
