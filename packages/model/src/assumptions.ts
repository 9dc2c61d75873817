/** How much stands behind a behaviour: `inferred` from documents, or `assumed` where they are silent. */
export type Confidence = 'inferred' | 'assumed'

/** One behaviour the vendor does not document and the emulator had to choose. */
export interface Assumption {
  /** What the emulator does and why it had to choose, in one sentence. */
  says: string
  confidence: Confidence
  /** The option that turns it the other way, where there is one. */
  setting?: string
  /** What the emulator does where that option is not at its default. */
  otherwise?: string
}

const inferred = (says: string, other?: Pick<Assumption, 'setting' | 'otherwise'>): Assumption => ({
  says,
  confidence: 'inferred',
  ...other,
})
const assumed = (says: string, other?: Pick<Assumption, 'setting' | 'otherwise'>): Assumption => ({
  says,
  confidence: 'assumed',
  ...other,
})

/** Every assumption by its id; LIMITS.md explains each, and a test holds the two together. */
export const assumptions = {
  'A-01': assumed('a live session is ended when its certificate is inactivated: the vendor documents nothing here', {
    setting: 'live-sessions',
    otherwise:
      'a live session outlives the inactivation of its certificate, for good or for a delay: the vendor documents nothing here',
  }),
  'A-02': inferred('a refused client is cut without a CONNACK, as the documented flow ends the connection', {
    setting: 'reject-at',
    otherwise: 'a refused client gets a refusing CONNACK, although the documented flow ends the connection',
  }),
  'A-03': inferred(
    'a registered active device is admitted although its CA is inactive: the documented flow does not ask the CA again',
    {
      setting: 'ca-status',
      otherwise:
        'an inactive CA refuses every device under it and ends their live sessions: the documented flow does not',
    },
  ),
  'A-04': inferred('username and password are optional beside a certificate, and checked where given'),
  'A-05': assumed('the throttle is a sliding window of one second', {
    setting: 'throttle',
    otherwise: 'the throttle is a fixed window of one second, or a token bucket: the vendor documents no algorithm',
  }),
  'A-06': assumed('every call with a valid signature counts against the limit, calls refused by the throttle do not'),
  'A-07': inferred('a status change to the status already held succeeds'),
  'A-08': inferred('serial numbers are hex; case and leading zeros do not distinguish them'),
  'A-09': inferred('a device certificate is registered at the first accepted CONNECT, not at the handshake'),
  'A-10': inferred('errors carry the HTTP status of the page of their operation', {
    setting: 'error-profile',
    otherwise: 'errors carry the HTTP status of the later notice, where it was seen',
  }),
  'A-11': inferred('an instance that is not Platinum answers ApiNotSupport to certificate operations', {
    setting: 'editions',
    otherwise: 'an instance answers the certificate operations where its edition is among those of the setting',
  }),
  'A-12': assumed('a register code lives until it is used, and every call returns a new one', {
    setting: 'register-code-ttl',
    otherwise: 'a register code lives until it is used or its time is over, and every call returns a new one',
  }),
  'A-13': inferred('the serial number of a CA is unique in the region'),
  'A-14': inferred('the common name of the verification certificate is the register code'),
  'A-15': assumed('the will of a session that is ended by force is not published', {
    setting: 'will-on-drop',
    otherwise: 'the will of a session that is ended by force is published, as after any abnormal end',
  }),
  'A-16': assumed('TLS 1.3 is offered beside the documented TLS 1.2'),
  'A-17': inferred('a device operation with an unknown CaSn answers FindDeviceBySnError'),
  'A-18': inferred('a nonce is remembered for as long as its timestamp is accepted'),
  'A-19': inferred('Total is the number of records in every list'),
  'A-20': assumed(
    'the order of the checks is envelope, action, key, time, signature, transport, throttle, parameters, instance, owner, RAM, edition',
  ),
  'A-21': inferred('DeviceName is the common name of the certificate'),
  'A-22': inferred('a deletion asks for no status first'),
  'A-23': inferred(
    'a deleted device certificate comes back active at its next CONNECT while its CA is registered and active',
  ),
  'A-24': assumed('deleting a device or CA certificate ends its live sessions as inactivation does', {
    setting: 'live-sessions',
    otherwise: 'a live session outlives the deletion of its device or CA certificate, for good or for a delay',
  }),
  'A-25': assumed('the answer to a throttled call is Throttling.User with x-acs-retry-after', {
    setting: 'throttle-code',
    otherwise: 'the answer to a throttled call is Throttling.Api or Throttling with x-acs-retry-after',
  }),
  'A-26': inferred('a newer connection with the same client id takes over from the older one'),
  'A-27': assumed('an instance with mutual TLS takes no connection without TLS, an instance with one-way TLS does'),
  'A-28': inferred(
    'a device certificate may come through intermediate CAs; the registered CA nearest to it is the one it stands under',
  ),
  'A-29': assumed(
    'what HTTP itself refuses (malformed, too large, too slow) is answered in the envelope under codes of the emulator',
  ),
  'A-30': inferred('an operation whose page lists only GET or POST, or only query parameters, takes both'),
  'A-31': inferred(
    'the dependent action of RegisterCaCertificate, GetRegisterCode and ListDeviceCertificate is mq:MqttInstanceAccess',
  ),
  'A-32': inferred('the actions of a policy are compared without regard to case, its resources with regard to it'),
  'A-33': assumed('an instance has at most 100 CA certificates, each with a name of at most 128 characters', {
    setting: 'max-cas',
    otherwise:
      'an instance has at most as many CA certificates as the setting says, each with a name of at most 128 characters',
  }),
  'A-34': assumed(
    'in a persistent session a publication of QoS 2 ends the connection, a subscription of QoS 2 is answered 0x80',
    { setting: 'loose', otherwise: 'a persistent session may publish and subscribe with QoS 2' },
  ),
  'A-35': inferred('MQTT 3.1 is served beside the documented 3.1.1'),
  'A-36': assumed('CloseConnection and ListInstances have 500 calls a second: the table of quotas names neither'),
  'A-37': assumed(
    'a session operation answers ParameterCheckFailed where a parameter is missing, InvalidParameter.<name> where it is wrong',
  ),
  'A-38': inferred(
    'a session operation answers InstancePermissionCheckFailed for an instance that is unknown or of another account',
  ),
  'A-39': assumed('closing the connection of a client that is offline is a success that changes nothing'),
  'A-40': assumed(
    'BatchQuerySessionByClientIds answers each of ClientIdList.1 to ClientIdList.10 that is given, in this order, twice where it is asked twice',
  ),
  'A-41': assumed('a client id that no session has is offline, whatever its form, up to 64 characters'),
  'A-42': assumed(
    'ListInstances shows the status, type, kernel and specification of the documented example, and lists those that have all tags asked for',
  ),
  'A-43': assumed('an operation documented for HTTPS only is served over HTTP too', {
    setting: 'https-only',
    otherwise: 'an operation documented for HTTPS only is refused over HTTP with InvalidProtocol.NeedSsl',
  }),
  'A-44': inferred('CloseConnection serves every edition and region: an older text names one of each', {
    setting: 'close-connection',
    otherwise: 'CloseConnection serves Professional instances in cn-shanghai only, as an older text has it',
  }),
  'A-45': inferred('an expired security token answers 403, a missing, unknown or mismatching one 400'),
  'A-46': assumed(
    'a security token is missing, then unknown (Malformed), then of another key or given with a lasting one (MismatchWithAccessKey), then expired',
  ),
  'A-47': assumed(
    'a security token whose holder is gone answers CheckAccountInfoFailed where the page lists it, else PermissionCheckFailed',
  ),
  'A-48': assumed('AliyunMQSubOnlyAccess allows mq:SUB as AliyunMQPubOnlyAccess allows mq:PUB'),
  'A-49': assumed('a security token of the account owner may do all that its session policy allows'),
  'A-50': assumed(
    'a negated condition operator holds where none of its values does; Numeric operators read acs:CurrentTime as seconds since 1970',
  ),
  'A-51': assumed('acs:MFAPresent is false in every call'),
  'A-52': inferred('an operation on no instance asks for the resource of all instances of the account in the region'),
  'A-53': inferred(
    'an answer in XML has the form of the samples: a root named after the operation, a list repeats its element, null is left out',
  ),
  'A-54': inferred('a call that names no format is answered in JSON'),
  'A-55': assumed('a character that XML 1.0 cannot carry is answered as U+FFFD'),
  'A-56': inferred('Format is read in a V3 call too, and the Accept header is not'),
  'A-57': inferred(
    'a registered device certificate stays under its CA when a CA nearer to it is registered later: its status holds',
  ),
  'A-58': assumed(
    'the documented 300 calls a second of one source address and operation are not enforced, only warned of: one address could never use the 500 of its account',
    {
      setting: 'source-ip-limit',
      otherwise:
        'a source address above its calls a second of one operation is refused as by any throttle, or not watched at all: how it is blocked, and for how long, is not documented',
    },
  ),
  'A-59': assumed(
    'where all operations share one limit, each call counts to it, and an operation with a quota of its own keeps that beside it',
  ),
  'A-60': assumed('an MQTT packet has at most 256 user properties and 256 filters: with more it ends the connection'),
  'A-61': inferred('an MQTT 5 client that publishes with RETAIN is disconnected with 0x9A'),
  'A-62': assumed('MQTT over WebSocket is at the paths /mqtt and /, in messages of at most twice the largest packet'),
  'A-63': inferred(
    'an instance with one-way TLS asks for username and password, and leaves a client certificate aside',
  ),
  'A-64': assumed(
    'MQTT over WebSocket with TLS asks an instance with mutual TLS for the same certificates as MQTT over TLS',
  ),
  'A-65': assumed('a WebSocket that is refused or ended by force ends with its connection, without a close frame'),
  'A-66': assumed(
    'where the limit is of a user, the owner of an account is one, and so is each RAM user and each role, with all its keys and tokens',
  ),
  'A-67': assumed(
    'nonces are remembered in memory: a restart or a reset forgets those of the quarter of an hour before it',
  ),
  'A-68': assumed(
    'at most 8 million nonces are remembered, a quarter of them of one access key; then new ones are answered ServiceUnavailable',
  ),
  'A-69': assumed(
    'a request has bounds of size, number and time of its own: what is beyond them is refused or its connection closed',
  ),
  'A-70': inferred(
    'signature V3 encodes the names of query parameters as documented, although SDKs of the vendor leave them as they are',
  ),
  'A-71': assumed('messages for persistent sessions take at most 256 MiB of memory an instance, the oldest is dropped'),
  'A-72': assumed(
    'a subscriber that does not read loses messages of QoS 0, and is cut when those of QoS 1 or 2 wait too long or are too many',
  ),
  'A-73': assumed(
    'messages for a persistent session are sent as fast as the client takes them, not 30 every 5 seconds',
  ),
  'A-74': assumed('at most 1,000 messages of QoS 1 and 2 are on their way to a client that sets no lower limit'),
  'A-75': assumed('a live session outlives the expiry of its certificate, or of a CA on its path: TLS asks once', {
    setting: 'expired-sessions',
    otherwise: 'a live session is ended when its certificate, or that of a CA on its path, expires',
  }),
  'A-76': inferred(
    'of a session a client status notice says connect, disconnect where the client said so, and tcpclean; of a refused connection nothing',
  ),
  'A-77': assumed(
    'with the record of a device certificate go the sessions, subscriptions and queues, of the clients it let in',
  ),
  'A-78': assumed(
    'a client status notice says "not authorized" of a session that is ended for its certificate, "Socket IOException" where the list has no word',
  ),
  'A-79': assumed(
    'a fixed window is a second of one sequence for all callers; a token bucket holds as many calls as the limit is a second',
  ),
  'A-80': assumed('MQTT 5 clients are told a topic alias maximum of 10 and a receive maximum of 1,000'),
  'A-81': inferred('the will of an MQTT 5 client is left aside, with a warning'),
  'A-82': assumed('an MQTT 5 client whose connection is ended by force is told so by a DISCONNECT, mostly 0x98'),
  'A-83': inferred('an MQTT 5 client that asks for no keep alive is held to eight minutes', {
    setting: 'loose',
    otherwise: 'an MQTT 5 client may do without a keep alive',
  }),
  'A-84': assumed(
    'an instance keeps at most 10,000 retained messages and 64 MiB of them, what was set first is dropped',
  ),
  'A-85': assumed(
    'an instance keeps at most 300,000 persistent sessions of clients that are away, each counted with its filters, what was left first is forgotten',
  ),
  'A-86': assumed(
    'a limit that is raised or lowered while the emulator runs holds from the next call on, and the calls before it stay counted',
  ),
} as const satisfies Record<string, Assumption>

/** The id of an assumption, as LIMITS.md has it. */
export type AssumptionId = keyof typeof assumptions

/** Says that a run has just rested on an assumption; `about` names what it was about. */
export type TouchAssumption = (id: AssumptionId, about?: string) => void
