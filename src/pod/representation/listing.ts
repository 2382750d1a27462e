// A container as Turtle: its own metadata, and for each member one line that stands for itself, so that a commit changes
// one line of a kept listing instead of rendering all (Solid Protocol, Resource Containment and Contained Resource Metadata;
// solid.md rows 23 to 26). IRIs are relative to the container: every member is directly below it.
//
// Members are kept in key byte order. A Listing moves forward by the outcomes of commits; it is dropped, never repaired,
// when one of them was missed.

import { isContainer, keyOf, nameOf, type Path } from '../path.ts'
import { essenceOf } from '../rdf/media-types.ts'
import type { Child, Resource } from '../store/resource.ts'

const prefixes = `@prefix ldp: <http://www.w3.org/ns/ldp#>.
@prefix dcterms: <http://purl.org/dc/terms/>.
@prefix stat: <http://www.w3.org/ns/posix/stat#>.
@prefix xsd: <http://www.w3.org/2001/XMLSchema#>.
`

/** What a listing begins with: prefixes and the container itself. */
export function listingHead(container: Resource): string {
  const storage = container.path === '/' ? ', <http://www.w3.org/ns/pim/space#Storage>' : ''
  return `${prefixes}<> a ldp:Container, ldp:BasicContainer, ldp:Resource${storage};${times(container.modifiedMs)}.\n`
}

/** The line of one member. */
export function listingLine(child: Child): string {
  const iri = relativeIri(child.path)
  const contains = `<> ldp:contains ${iri}.\n${iri} a `
  if (child.kind === 'container')
    return `${contains}ldp:Container, ldp:BasicContainer, ldp:Resource;${times(child.modifiedMs)}.\n`
  return `${contains}ldp:Resource, <${mediaTypeClass(child.mediaType)}>;${times(child.modifiedMs)}; stat:size ${child.size}.\n`
}

/** Members made together share their second, so the last text is remembered. */
let lastTimes = { seconds: -1, text: '' }

function times(modifiedMs: number): string {
  const seconds = Math.floor(modifiedMs / 1000)
  if (lastTimes.seconds !== seconds) lastTimes = { seconds, text: timesText(seconds) }
  return lastTimes.text
}

function timesText(seconds: number): string {
  const dateTime = `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
  return ` dcterms:modified "${dateTime}"^^xsd:dateTime; stat:mtime ${seconds}`
}

/** A name with a colon would read as a scheme (RFC 3986 section 4.2). Path characters are all legal in an IRIREF. */
function relativeIri(path: Path): string {
  const name = isContainer(path) ? `${nameOf(path)}/` : nameOf(path)
  return name.includes(':') ? `<./${name}>` : `<${name}>`
}

const maxClasses = 1000
const classes = new Map<string, string>()

function mediaTypeClass(mediaType: string): string {
  const known = classes.get(mediaType)
  if (known !== undefined) return known
  const essence = (essenceOf(mediaType) ?? 'application/octet-stream').replace(/[^a-z0-9/.+-]/g, encodeURIComponent)
  const made = `http://www.w3.org/ns/iana/media-types/${essence}#Resource`
  if (classes.size >= maxClasses) classes.clear()
  classes.set(mediaType, made)
  return made
}

/** About how long the line of a member is, without making it. */
export function lineBytes(child: Child): number {
  return 180 + 2 * child.path.length + child.mediaType.length
}

/** Memory of one member beyond its line: the row and two array slots. */
const memberBytes = 200

export class Listing {
  readonly #children: Child[]
  readonly #lines: string[]
  #bytes = 0

  /** `children` in key byte order. */
  constructor(children: readonly Child[]) {
    this.#children = [...children]
    this.#lines = children.map(listingLine)
    for (const line of this.#lines) this.#bytes += line.length
  }

  get children(): readonly Child[] {
    return this.#children
  }

  /** Length of all lines; lines are ASCII. */
  get textBytes(): number {
    return this.#bytes
  }

  /** What keeping it costs. */
  get memoryBytes(): number {
    return this.#bytes + this.#lines.length * memberBytes
  }

  get text(): string {
    return this.#lines.join('')
  }

  put(child: Child): void {
    const { index, found } = this.#seek(child.path)
    const line = listingLine(child)
    if (found) this.#bytes -= this.#lines[index]!.length
    this.#children.splice(index, found ? 1 : 0, child)
    this.#lines.splice(index, found ? 1 : 0, line)
    this.#bytes += line.length
  }

  remove(path: Path): void {
    const { index, found } = this.#seek(path)
    if (!found) return
    this.#bytes -= this.#lines[index]!.length
    this.#children.splice(index, 1)
    this.#lines.splice(index, 1)
  }

  find(path: Path): Child | undefined {
    const { index, found } = this.#seek(path)
    return found ? this.#children[index] : undefined
  }

  #seek(path: Path): { readonly index: number; readonly found: boolean } {
    const key = keyOf(path)
    let low = 0
    let high = this.#children.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = keyOf(this.#children[middle]!.path)
      if (other === key) return { index: middle, found: true }
      if (other < key) low = middle + 1
      else high = middle
    }
    return { index: low, found: false }
  }
}
