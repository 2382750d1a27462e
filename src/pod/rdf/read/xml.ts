// RDF/XML by the streaming parser. Read only: xpod never writes it. Entities are limited, because a short document can
// otherwise expand to gigabytes. Errors name the line and nothing else of the document.

import { RdfXmlParser } from 'rdfxml-streaming-parser'

import { XpodError } from '../../../base/errors.ts'
import { documentFactory, type ParsedRdf, type Quad } from '../graph.ts'

const maxEntityChars = 1024
const maxExpandedChars = 16 * 1024 * 1024

/** Throws BODY_INVALID. */
export async function readRdfXml(text: string, base: string): Promise<ParsedRdf> {
  checkEntities(text)
  const parser = new WholeDocumentParser({ baseIRI: base, dataFactory: documentFactory as never, trackPosition: true })
  const quads: Quad[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      parser.on('data', (one: Quad) => (areIris(one) ? quads.push(one) : reject(new Error('not an IRI'))))
      parser.on('error', reject)
      parser.on('end', () => (parser.isWhole ? resolve() : reject(new Error('the document ends early'))))
      parser.end(text)
    })
  } catch (error) {
    const match = /^Line (\d+)|^(\d+):\d+/.exec(error instanceof Error ? error.message : '')
    throw new XpodError('BODY_INVALID', `RDF/XML error${match === null ? '' : ` on line ${match[1] ?? match[2]}`}`)
  }
  return { quads, prefixes: {} }
}

/** The library takes what a namespace and a name give together, and what has a colon, for an IRI whatever it is. */
function areIris({ subject, predicate, object }: Quad): boolean {
  return [subject, predicate, object].every(
    ({ termType, value }) => termType !== 'NamedNode' || /^[a-z][a-z\d+.-]*:/i.test(value),
  )
}

/** The library takes a document that ends inside an element for a whole one. */
class WholeDocumentParser extends RdfXmlParser {
  #opened = 0
  #closed = 0

  get isWhole(): boolean {
    return this.#opened > 0 && this.#opened === this.#closed
  }

  protected override onTag(tag: Parameters<RdfXmlParser['onTag']>[0]): void {
    this.#opened++
    super.onTag(tag)
  }

  protected override onCloseTag(): void {
    this.#closed++
    super.onCloseTag()
  }
}

/** What the library takes for an entity, and nothing else: what it finds must be what is measured. */
const entity = /<!ENTITY\s+\S+\s+["']([^"']+)["']\s*>/gu

function checkEntities(text: string): void {
  let longest = 0
  for (const match of text.matchAll(entity)) longest = Math.max(longest, match[1]!.length)
  if (longest > maxEntityChars) throw new XpodError('BODY_INVALID', `an entity is over ${maxEntityChars} characters`)
  if (longest === 0) return
  const references = text.split('&').length - 1
  if (references * longest > maxExpandedChars) throw new XpodError('BODY_INVALID', 'entities expand too far')
}
