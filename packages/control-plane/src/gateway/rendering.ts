import type { AssumptionId } from '@apsaramq/model'
import { replacement, xmlDocument } from './xml.ts'

/** How the body of an answer is written. */
export interface Rendering {
  contentType: string
  /** @param root name of the answer, where the format names it */
  write(body: object, root: string): string
  /** Assumptions that a written answer rests on. */
  restsOn(text: string): readonly AssumptionId[]
}

const nothing: readonly AssumptionId[] = []

/** JSON, the default. */
export const json: Rendering = {
  contentType: 'application/json;charset=utf-8', // the Java SDK refuses an answer without a content type
  write: (body) => JSON.stringify(body),
  restsOn: () => nothing,
}

/** XML, where a call asks for it. LIMITS A-53 */
export const xml: Rendering = {
  contentType: 'text/xml;charset=utf-8', // the SDK cores know XML by exactly this
  write: (body, root) => xmlDocument(root, body),
  restsOn: (text) => (text.includes(replacement) ? ['A-53', 'A-55'] : ['A-53']),
}

/** The formats that `Format` can name, in lower case. */
export const renderings: ReadonlyMap<string, Rendering> = new Map([
  ['json', json],
  ['xml', xml],
])

const saysXml = /[?&]Format=[Xx][Mm][Ll](?:&|$)/

/** The format of a refusal whose query was not read, or not to its end: what can be seen of it. */
export function renderingSeenIn(url: string): Rendering {
  return saysXml.test(url) ? xml : json
}
