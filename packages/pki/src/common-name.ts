/**
 * The last common name of a subject, '' where it has none.
 *
 * @param subject as node's X509Certificate prints it: an RDN a line, the attributes of one joined by ' + ', values
 *   escaped as RFC 2253 §2.4 has it (so a plus sign in a value always follows a backslash)
 */
export function commonNameOf(subject: string): string {
  let commonName = ''
  for (const rdn of subject.split('\n')) {
    for (const attribute of rdn.split(' + ')) {
      if (attribute.startsWith('CN=')) commonName = unescapeValue(attribute.slice('CN='.length))
    }
  }
  return commonName
}

function unescapeValue(value: string): string {
  if (!value.includes('\\')) return value
  return value.replace(/\\([0-9A-F]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped,
  )
}
