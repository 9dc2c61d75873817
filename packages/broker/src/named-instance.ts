import type { Link } from './link.ts'

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
  return parts?.length === 3 && parts[2] ? parts[2] : undefined
}

/** Host names do not distinguish case. */
export function isSameInstance(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Puts the server name of TLS, the host of an upgrade request and the username together. */
export function namedInstance(
  { serverName, requestedHost }: Pick<Link, 'serverName' | 'requestedHost'>,
  username: string | undefined,
): NamedInstance {
  const byHost = instanceOfServerName(serverName)
  const byRequest = instanceOfServerName(requestedHost)
  const byUsername = instanceOfUsername(username)
  return {
    instanceId: byUsername ?? byHost ?? byRequest,
    conflict:
      conflictOf(['server name', byHost], ['Host header', byRequest]) ??
      conflictOf(['server name', byHost], ['username', byUsername]) ??
      conflictOf(['Host header', byRequest], ['username', byUsername]),
  }
}

type Naming = [what: string, instanceId: string | undefined]

function conflictOf([one, first]: Naming, [other, second]: Naming): string | undefined {
  if (first === undefined || second === undefined || isSameInstance(first, second)) return undefined
  return `the ${one} asks for instance ${first}, the ${other} for ${second}`
}
