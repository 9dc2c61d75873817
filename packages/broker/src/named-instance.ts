const vendorHost = /^([0-9a-z_-]+)\.mqtt\.aliyuncs\.com$/i

/** Which instance a client says it wants, before anything is looked up. */
export interface NamedInstance {
  /** Undefined where nothing names one: the CA of the certificate decides. */
  instanceId: string | undefined
  /** Set where two things name two. */
  conflict: string | undefined
}

/** The instance of `<instance>.mqtt.aliyuncs.com`; any other server name says nothing. */
export function instanceOfServerName(serverName: string | undefined): string | undefined {
  return serverName === undefined ? undefined : vendorHost.exec(serverName)?.[1]
}

/** The instance of `<mode>|<key id>|<instance>`; any other username says nothing. */
export function instanceOfUsername(username: string | undefined): string | undefined {
  const parts = username?.split('|')
  return parts?.length === 3 ? parts[2] : undefined
}

/** Host names do not distinguish case. */
export function isSameInstance(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Puts server name and username together. */
export function namedInstance(serverName: string | undefined, username: string | undefined): NamedInstance {
  const byHost = instanceOfServerName(serverName)
  const byUsername = instanceOfUsername(username)
  const conflict =
    byHost !== undefined && byUsername !== undefined && !isSameInstance(byHost, byUsername)
      ? `the server name asks for instance ${byHost}, the username for ${byUsername}`
      : undefined
  return { instanceId: byUsername ?? byHost, conflict }
}
