// RFC 3986 section 5.2: a relative reference against a base, byte for byte. The URL class is not used because it rewrites what
// it reads (percent-encoding, host names), and an IRI in a triple must stay as written.

export function resolveIri(reference: string, base: string): string {
  const [, scheme = '', authority = '', path = '', query = ''] = /^([^:/?#]+:)?(\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?/s.exec(
    base,
  )!
  if (reference === '') return scheme + authority + path + query
  if (reference.startsWith('//')) {
    const [, host = '', rest = '', tail = ''] = /^(\/\/[^/?#]*)([^?#]*)(.*)$/s.exec(reference)!
    return scheme + host + removeDotSegments(rest) + tail
  }
  if (reference.startsWith('#')) return scheme + authority + path + query + reference
  if (reference.startsWith('?')) return scheme + authority + path + reference
  const [, own = '', tail = ''] = /^([^?#]*)(.*)$/s.exec(reference)!
  const merged = own.startsWith('/') ? own : `${path.slice(0, path.lastIndexOf('/') + 1) || '/'}${own}`
  return scheme + authority + removeDotSegments(merged) + tail
}

function removeDotSegments(path: string): string {
  if (!/\/\.{1,2}(?:\/|$)/.test(path)) return path
  const output: string[] = []
  const segments = path.split('/')
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment !== '.' && segment !== '..') output.push(segment)
    else {
      if (segment === '..' && output.length > 1) output.pop()
      if (isLast) output.push('')
    }
  }
  return output.join('/')
}
