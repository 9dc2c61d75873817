import { randomUuid, systemRandom, type Clock } from '@apsaramq/model'
import { managementClient, type Endpoints, type ManagementClient } from '@apsaramq/testkit'
import { certificateApi, type CertificateApi } from './certificate-api.ts'
import { startDevice, type Device } from './device.ts'
import type { Policy } from './stage.ts'
import { deviations, figuresOf, type Chain, type Figures } from './story.ts'
import { createTimeline, type Timeline, type TimelineEvent } from './timeline.ts'

/** Everybody who plays in an act. */
export interface Cast {
  endpoints: Endpoints
  api: CertificateApi
  management: ManagementClient
  timeline: Timeline
  clock: Clock
  /** Issues a certificate and switches its device on; it is switched off when the act is over. */
  enter(): Promise<Device>
}

/** One story with one device. */
export interface Act {
  name: string
  /** One sentence: what the audience sees. */
  title: string
  policy: Policy
  /** Rejects when what should happen does not. */
  play(cast: Cast): Promise<void>
  chains: readonly Chain[]
}

/** How an act went. */
export interface ActResult {
  act: string
  title: string
  policy: Policy
  asTold: boolean
  /** Why it is not as told. */
  problems: string[]
  figures: Figures
  events: TimelineEvent[]
}

async function enter(cast: Omit<Cast, 'enter'>, devices: Device[]): Promise<Device> {
  const { management, timeline, endpoints, clock } = cast
  const clientId = `GID_demo@@@demo-${randomUuid(systemRandom).slice(0, 8)}`
  const [issued] = await management.issueDevices({ clientId, keyType: 'ec' })
  if (!issued) throw new Error('the emulator issued no device')
  timeline.note('device-issued', `${clientId}, serial number ${issued.deviceSn}`)
  const device = startDevice({ endpoints, issued, timeline, clock })
  devices.push(device)
  return device
}

/** Plays an act and compares what happened with what it tells; what goes wrong is in the result. */
export async function playAct(act: Act, endpoints: Endpoints, clock: Clock): Promise<ActResult> {
  const timeline = createTimeline(clock)
  const devices: Device[] = []
  const api = certificateApi(endpoints, clock)
  const cast = { endpoints, api, management: managementClient(endpoints.management), timeline, clock }
  const problems: string[] = []
  try {
    await act.play({ ...cast, enter: () => enter(cast, devices) })
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error))
  }
  const events = timeline.events() // before the devices are switched off, which is no part of the story
  await Promise.all(devices.map((device) => device.stop()))
  problems.push(...deviations(events, act.chains))
  const { name, title, policy } = act
  return { act: name, title, policy, asTold: problems.length === 0, problems, figures: figuresOf(events), events }
}
