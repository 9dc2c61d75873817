import type { Endpoints, WaitOptions } from '@apsaramq/testkit'
import type { Device } from './certificates.ts'
import type { Tool } from './tools.ts'

/** A device that runs in a client nobody here wrote and goes on trying by itself. */
export interface LiveClient {
  /** Resolves once it has been accepted since the last look. */
  online(options?: WaitOptions): Promise<void>
  /** Resolves once the connection it had has ended. */
  offline(options?: WaitOptions): Promise<void>
  /** Resolves once an attempt to connect has been refused; with what the client told of it. */
  refused(options?: WaitOptions): Promise<string>
  /** Resolves once a message with this payload has come. */
  received(payload: string, options?: WaitOptions): Promise<void>
  stop(): Promise<void>
}

/** A kind of client. */
export interface LiveClientKind {
  name: string
  tool: Tool
  /** Connects and subscribes to `filter`. */
  start(device: Device, endpoints: Endpoints, filter: string): LiveClient
}
