/** Where a byte of a request stands. */
export interface Place {
  part: 'request line' | 'name' | 'colon' | 'value' | 'line end' | 'body'
  /** Name of the header in lower case, where it is in one. */
  header: string
  /** What comes before it in its part. */
  before: string
}

/** The place of every byte of a request, one character a byte. */
export function placesOf(bytes: string): Place[] {
  const headEnd = bytes.indexOf('\r\n\r\n') + 4
  const lines = bytes.slice(0, headEnd).split(/(?<=\r\n)/)
  const head = lines.flatMap((line, index) => (index === 0 ? lineOf(line) : headerOf(line)))
  return [...head, ...spread('body', '', bytes.slice(headEnd))]
}

function spread(part: Place['part'], header: string, text: string): Place[] {
  return [...text].map((_, index) => ({ part, header, before: text.slice(0, index) }))
}

function lineOf(line: string): Place[] {
  return [...spread('request line', '', line.slice(0, -2)), ...spread('line end', '', '\r\n')]
}

function headerOf(line: string): Place[] {
  const colon = line.indexOf(': ')
  if (colon < 0) return spread('line end', '', line)
  const header = line.slice(0, colon).toLowerCase()
  return [
    ...spread('name', header, line.slice(0, colon)),
    ...spread('colon', header, ': '),
    ...spread('value', header, line.slice(colon + 2, -2)),
    ...spread('line end', header, '\r\n'),
  ]
}

/** A bit of a request that a signature leaves open. */
export interface Flip {
  signature: 'V1' | 'V3'
  hasBody: boolean
  place: Place
  /** The byte before and after. */
  from: string
  to: string
}

const isOtherCase = ({ from, to }: Flip) => from !== to && from.toLowerCase() === to.toLowerCase()

/** Whether a hex digit of a percent-encoding, `%2f` for `%2F`. */
const isInEncoding = ({ place, from }: Flip) => /%[0-9A-F]?$/i.test(place.before) && /[A-F]/i.test(from)

/** Headers that neither frame the request nor are signed. V1 signs no header at all, but some have to be there. */
const openHeaders = {
  V1: ['x-sdk-client', 'user-agent', 'x-acs-action', 'x-acs-version', 'x-acs-credentials-provider', 'connection'],
  V3: ['user-agent', 'accept', 'connection'],
}

/** What one flipped bit may change without making it another call: the whole list. */
export const insignificant: readonly { says: string; covers(flip: Flip): boolean }[] = [
  {
    says: 'the case of a letter in the name of a header',
    covers: (flip) => flip.place.part === 'name' && isOtherCase(flip),
  },
  {
    says: 'a header that is not signed and says nothing of the request',
    covers: ({ signature, place }) => openHeaders[signature].includes(place.header),
  },
  {
    says: 'the value of Host under V1, which does not sign it',
    covers: ({ signature, place }) => signature === 'V1' && place.header === 'host' && place.part !== 'name',
  },
  {
    says: 'the case of a hex digit in a percent-encoding, which V1 signs decoded',
    covers: (flip) => flip.signature === 'V1' && isOtherCase(flip) && isInEncoding(flip),
  },
  {
    says: 'the case of a letter of the content type under V1: still a form',
    covers: (flip) => flip.signature === 'V1' && flip.place.header === 'content-type' && isOtherCase(flip),
  },
  {
    says: 'the case of a letter of Transfer-Encoding: still chunked',
    covers: (flip) => flip.place.header === 'transfer-encoding' && isOtherCase(flip),
  },
  {
    says: 'the length of a body that is not there',
    covers: ({ place, hasBody }) => place.header === 'content-length' && !hasBody,
  },
  {
    says: 'a zero for the space before a length',
    covers: ({ place, to }) => place.part === 'colon' && place.header === 'content-length' && to === '0',
  },
  {
    says: 'HTTP/1.0 for HTTP/1.1',
    covers: ({ place, to }) => place.part === 'request line' && place.before.endsWith(' HTTP/1.') && to === '0',
  },
]

const framing = ['content-length', 'transfer-encoding', 'connection']

/** Whether a flip there may change where the request ends, so that it needs a connection of its own. */
export function mayReframe({ part, header }: Place, isChunked: boolean): boolean {
  if (part === 'request line') return false
  return part === 'value' ? framing.includes(header) : part !== 'body' || isChunked
}
