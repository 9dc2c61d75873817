import { managementClient, type Endpoints } from '@apsaramq/testkit'
import { exchangeBytes, type RawAnswers } from '../raw-answers.ts'
import type { Recipe } from './recipe.ts'
import { render } from './render.ts'

/** Codes that pages list with a status of 500 for what a caller may get wrong. */
const documentedAs500 = new Set([
  'ParameterFieldCheckFailed',
  'MqttInstanceNotFound',
  'FindDeviceBySnError',
  'FindCaBySnError',
  'RegisterCodeError',
])

function envelopeOf({ headers, body }: RawAnswers): Record<string, unknown> {
  if (headers['content-type']?.startsWith('application/json')) return JSON.parse(body) as Record<string, unknown>
  const inXml = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1]
  return { RequestId: inXml('RequestId'), Code: inXml('Code'), Message: inXml('Message'), HostId: inXml('HostId') }
}

/** What is wrong with an answer in itself; undefined where nothing is. */
function faultOf(answer: RawAnswers): string | undefined {
  const { RequestId, Code, Message, HostId } = envelopeOf(answer)
  const { status, headers } = answer
  if (typeof RequestId !== 'string' || headers['x-acs-request-id'] !== RequestId) return 'no RequestId, or two'
  if (status === 200) return ['undefined', '200'].includes(String(Code)) ? undefined : `status 200 with ${String(Code)}`
  if (typeof Code !== 'string' || typeof Message !== 'string' || typeof HostId !== 'string') return 'no envelope'
  if (Code === 'InternalError') return 'a bug: InternalError'
  return status >= 500 && !documentedAs500.has(Code) ? `${status} ${Code}` : undefined
}

async function isLogged({ management }: Endpoints, requestId: string): Promise<boolean> {
  const answer = await managementClient(management).request('GET', `/log?requestId=${encodeURIComponent(requestId)}`)
  return (answer as { entries: unknown[] }).entries.length === 1 // the port's contract
}

/** What is wrong with the answers to what a recipe makes; nothing where each is in the envelope and in the log once. */
export async function faultsOf(recipe: Recipe, endpoints: Endpoints): Promise<string[]> {
  const answers = await exchangeBytes(endpoints.api, render(recipe, endpoints), recipe.delivery)
  const faults: string[] = []
  for (const answer of answers) {
    const fault = faultOf(answer)
    if (fault) faults.push(`${fault}: ${answer.status} ${answer.body.slice(0, 500)}`)
    else if (!(await isLogged(endpoints, answer.headers['x-acs-request-id']!)))
      faults.push('an answer is not in the log')
  }
  return faults
}
