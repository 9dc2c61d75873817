import type { Cause } from '@apsaramq/model'

/** A stream that failed by what the client sent below MQTT; the message says what that was. */
export class StreamFault extends Error {
  override readonly name = 'StreamFault'
  readonly fault: Extract<Cause, 'packet-too-large' | 'protocol-error'>

  constructor(fault: StreamFault['fault'], message: string) {
    super(message)
    this.fault = fault
  }
}
