/** What can stand in an XML answer; null and undefined are left out, a list repeats its element. LIMITS A-53 */
export type XmlValue = string | number | boolean | null | undefined | readonly XmlValue[] | { [name: string]: XmlValue }

/** Written in the place of a character that XML 1.0 cannot carry at all. LIMITS A-55 */
export const replacement = '\uFFFD'

// [XML 1.0, 2.2] a lone surrogate is none of the characters either
const unwritable = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu
const special = /[&<>\r]/g

// [XML 1.0, 2.11] a parser reads a bare carriage return as a line feed
const reference: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' }

/** Character data that a parser gives back as it was. */
export function xmlText(text: string): string {
  return text.replace(unwritable, replacement).replace(special, (character) => reference[character]!)
}

/** The same as a CDATA section, of which `]]>` would be the end. */
function cdata(text: string): string {
  return `<![CDATA[${text.replace(unwritable, replacement).replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}

/** vendor: the gateway puts the link of an error, with its ampersands, into a CDATA section. */
const inCdata = 'Recommend'

function element(name: string, value: XmlValue): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map((one: XmlValue) => element(name, one)).join('')
  return `<${name}>${typeof value === 'object' ? children(value) : textOf(name, String(value))}</${name}>`
}

function textOf(name: string, text: string): string {
  return name === inCdata ? cdata(text) : xmlText(text)
}

function children(value: object): string {
  return Object.entries(value)
    .map(([name, one]) => element(name, one as XmlValue))
    .join('')
}

/** vendor: the order of an error's elements, which is not that of its JSON. */
const first = ['RequestId', 'HostId', 'Code', 'Message']

function placeOf(name: string): number {
  const at = first.indexOf(name)
  return at < 0 ? first.length : at
}

function inOrder(body: object): [string, XmlValue][] {
  return Object.entries(body).sort(([one], [other]) => placeOf(one) - placeOf(other))
}

/**
 * An XML 1.0 document as the vendor's gateway writes them: no indentation, no attributes, no name space.
 *
 * @param root name of the outermost element
 * @param body plain data whose keys are XML names
 */
export function xmlDocument(root: string, body: object): string {
  return `<?xml version='1.0' encoding='UTF-8'?><${root}>${children(Object.fromEntries(inOrder(body)))}</${root}>`
}
