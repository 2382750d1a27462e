// The vocabularies that xpod reads or writes itself, as full IRIs. Only terms that some code uses; nothing here is a
// complete vocabulary.

function terms<Name extends string>(base: string, names: readonly Name[]): Readonly<Record<Name, string>> {
  return Object.fromEntries(names.map((name) => [name, base + name])) as Record<Name, string>
}

export const rdf = terms('http://www.w3.org/1999/02/22-rdf-syntax-ns#', ['type', 'first', 'rest', 'nil'])

export const xsd = terms('http://www.w3.org/2001/XMLSchema#', ['string', 'boolean', 'integer', 'decimal', 'double'])

export const acl = terms('http://www.w3.org/ns/auth/acl#', [
  'Authorization',
  'AuthenticatedAgent',
  'Read',
  'Write',
  'Append',
  'Control',
  'accessTo',
  'agent',
  'agentClass',
  'agentGroup',
  'default',
  'mode',
  'origin',
])

export const ldp = terms('http://www.w3.org/ns/ldp#', ['contains'])

export const dcterms = terms('http://purl.org/dc/terms/', ['modified'])

export const stat = terms('http://www.w3.org/ns/posix/stat#', ['mtime', 'size'])

export const pim = terms('http://www.w3.org/ns/pim/space#', ['Storage'])

export const solid = terms('http://www.w3.org/ns/solid/terms#', [
  'InsertDeletePatch',
  'deletes',
  'inserts',
  'oidcIssuer',
  'where',
])

export const vcard = terms('http://www.w3.org/2006/vcard/ns#', ['hasMember'])

/** `http://www.w3.org/ns/iana/media-types/text/turtle#Resource`, the class that a contained document is listed with. */
export function mediaTypeClass(essence: string): string {
  return `http://www.w3.org/ns/iana/media-types/${essence}#Resource`
}
