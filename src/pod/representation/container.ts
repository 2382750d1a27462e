// Containers: the listing as Turtle, converted to the other RDF types, and as a page for people (solid.md section 1.4,
// pitfall 22). Its own description (.meta) is part of it. The members stay in memory with their rendered lines, and commits
// change single lines of them (listing.ts); above 8 MiB of lines nothing is kept and the listing is streamed page by page.
//
// A kept listing is one state: it is read again when the container changes between two of its pages. A streamed one is a
// walk in key order in which each page is one state; when the container changes meanwhile its ETag is outdated already, so
// no cache will take the mixture for current. What exists all along appears exactly once.

import { MiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import type { PodRequest } from '../exchange.ts'
import type { Entry, PodHome } from '../home.ts'
import { keyOf, metaOf } from '../path.ts'
import type { RdfType } from '../rdf/media-types.ts'
import { rdfTypeOf } from '../rdf/media-types.ts'
import { writeTurtle } from '../rdf/turtle-writer.ts'
import { allowOf } from '../resource/allow.ts'
import { urlOf } from '../resource/links.ts'
import type { ChildPage, PodReader } from '../store/pod-store.ts'
import type { Child, Resource } from '../store/resource.ts'
import { lineBytes, Listing, listingHead, listingLine } from './listing.ts'
import { listingPage, listingPolicy, maxRows } from './listing-html.ts'
import { languageOf } from './listing-texts.ts'
import type { Offer } from './negotiation.ts'
import { derivedOf, encodedVariant, makeOnce, makeVariant, type Source, tagOf } from './source.ts'
import type { Derived, Variant } from './variant.ts'

/** Text of all lines up to which a listing stays in memory (rule 21). */
const maxKeptBytes = 8 * MiB
const pageRows = 1000
/** Members read before the first byte is sent: about 20 ms. */
const maxRowsAhead = 16_000
/** A listing that saw its container change is read so many times before it is given as it came. */
const maxAttempts = 3
const maxMetaBytes = 8 * MiB

const turtle = 'text/turtle'
const offer: Offer = {
  name: 'container',
  types: [
    turtle,
    'application/ld+json',
    'application/n-triples',
    'application/n-quads',
    'application/trig',
    'text/html',
  ],
}

/** The entry may be newer than the one given: a listing belongs to the state it shows. */
export interface Shown {
  readonly entry: Entry
  readonly variant: Variant
}

export function containerVariant(
  source: Source,
  home: PodHome,
  entry: Entry,
  request: PodRequest,
): Shown | Promise<Shown> {
  const { headers } = request
  const type = source.negotiator.accept(headers.accept).choose(offer)
  if (type === undefined) throw new XpodError('NOT_ACCEPTABLE', `available: ${offer.types.join(', ')}`)
  const language = type === 'text/html' ? languageOf(headers['accept-language']) : undefined
  const derived = derivedOf(entry)
  const known = type === turtle ? derived.main : derived.others.get(tagOf(type, language))
  const acceptEncoding = headers['accept-encoding']
  if (known !== undefined) return shown(entry, encodedVariant(source, { home, entry, variant: known }, acceptEncoding))
  if (
    type === turtle &&
    derived.listing !== undefined &&
    (entry.meta === undefined || derived.metaText !== undefined)
  ) {
    return shown(entry, encodedVariant(source, { home, entry, variant: turtleVariant(home, entry) }, acceptEncoding))
  }
  return render(source, home, entry, { type, language, acceptEncoding })
}

interface Wanted {
  readonly type: string
  readonly language: ReturnType<typeof languageOf> | undefined
  readonly acceptEncoding: string | undefined
}

async function render(source: Source, home: PodHome, entry: Entry, wanted: Wanted): Promise<Shown> {
  const current = await readEntry(source, home, entry, wanted.type === turtle ? maxRowsAhead : Infinity)
  const tag = tagOf(wanted.type, wanted.language)
  const variant = await makeOnce(current, tag, async () => {
    if (wanted.type === turtle) return turtleVariant(home, current)
    if (wanted.language !== undefined) return pageVariant(source, home, current, wanted.language)
    return convertedVariant(source, home, current, wanted.type as RdfType)
  })
  return shown(current, encodedVariant(source, { home, entry: current, variant }, wanted.acceptEncoding))
}

/** The container's entry with all that its renderings need. A commit may take the listing along while .meta is read. */
async function readEntry(source: Source, home: PodHome, first: Entry, maxRows: number): Promise<Entry> {
  let entry = first
  for (let attempt = 1; ; attempt++) {
    entry = await withListing(source, home, entry, maxRows)
    const derived = derivedOf(entry)
    if (entry.meta !== undefined) await renderMeta(source, home, entry)
    if (derived.listing !== undefined || isStreamed(derived) || attempt === maxAttempts) return entry
    entry = await home.load(entry.resource!.path)
  }
}

function shown(entry: Entry, variant: Variant | Promise<Variant>): Shown | Promise<Shown> {
  return variant instanceof Promise ? variant.then((ready) => ({ entry, variant: ready })) : { entry, variant }
}

function isStreamed(derived: Derived): boolean {
  return derived.isLarge || derived.isLong
}

/** The container's entry with its listing read, or marked as one to stream. */
async function withListing(source: Source, home: PodHome, first: Entry, maxRows: number): Promise<Entry> {
  let entry = first
  for (let attempt = 1; ; attempt++) {
    const { resource } = entry
    if (resource?.kind !== 'container') throw new XpodError('NOT_FOUND')
    const derived = derivedOf(entry)
    const isLong = derived.isLong && maxRows < Infinity
    if (derived.listing !== undefined || derived.isLarge || isLong) return entry
    const members = await readMembers(source.store, home.pod.id, resource, maxRows)
    if (members === 'changed' && attempt < maxAttempts) {
      home.forget(entry)
      entry = await home.load(resource.path)
      continue
    }
    if (members === 'changed') throw new XpodError('POD_BUSY', 'the container changes too fast to be listed')
    if (members === 'large') derived.isLarge = true
    else if (members === 'long') derived.isLong = true
    else keepListing(home, entry, members)
    return entry
  }
}

/** Somebody else may have read it meanwhile, and a commit may have moved that listing on. */
function keepListing(home: PodHome, entry: Entry, members: readonly Child[]): void {
  const derived = derivedOf(entry)
  if (derived.listing !== undefined) return
  derived.listing = new Listing(members)
  home.charge(entry, derived.listing.memoryBytes)
}

/** All members at exactly this state of the container, or why they were not all read. */
async function readMembers(
  store: Pick<PodReader, 'children'>,
  pod: string,
  container: Resource,
  maxRows: number,
): Promise<readonly Child[] | 'changed' | 'large' | 'long'> {
  const members: Child[] = []
  let bytes = 0
  for (let after: string | undefined; ; ) {
    const found = await store.children(pod, container.path, after, pageRows)
    if (found === undefined || !isState(found, container)) return 'changed'
    for (const child of found.page) {
      members.push(child)
      bytes += lineBytes(child)
    }
    if (bytes > maxKeptBytes) return 'large'
    if (found.page.length < pageRows) return members
    if (members.length >= maxRows) return 'long'
    after = keyOf(found.page.at(-1)!.path)
  }
}

/** The triples of the container's .meta, relative to the container. */
async function renderMeta(source: Source, home: PodHome, entry: Entry): Promise<void> {
  const derived = derivedOf(entry)
  if (derived.metaText !== undefined) return
  const path = metaOf(entry.resource!.path)
  const meta = await home.load(path)
  const mediaType = rdfTypeOf(meta.resource?.mediaType ?? '')
  if (meta.resource === undefined || mediaType === undefined) {
    derived.metaText = ''
    return
  }
  try {
    const bytes = await home.bytes(meta, maxMetaBytes, neverAborted)
    const { quads, prefixes } = await source.rdf.parse(bytes, { mediaType, base: urlOf(home.pod, path) }, neverAborted)
    derived.metaText = writeTurtle(quads, { prefixes, base: urlOf(home.pod, entry.resource!.path) })
  } catch (error) {
    // A description that cannot be read takes nothing away from the listing.
    source.log.warn('container.meta', { pod: home.pod.id, error })
    derived.metaText = ''
  }
}

function turtleVariant(home: PodHome, entry: Entry): Variant {
  const derived = derivedOf(entry)
  if (derived.main !== undefined) return derived.main
  const { listing } = derived
  const resource = entry.resource!
  // A commit may have taken the listing along since it was read; then this state is streamed instead of kept.
  const bytes =
    listing === undefined ? undefined : Buffer.from(`${listingHead(resource)}${listing.text}${derived.metaText ?? ''}`)
  const variant = makeVariant(entry, {
    tag: '',
    contentType: turtle,
    bytes,
    size: bytes?.length,
    allow: allowOf({ path: resource.path, resource, empty: listing?.children.length === 0 }).headers,
  })
  if (bytes === undefined) return variant
  derived.main = variant
  home.charge(entry, bytes.length)
  return variant
}

async function convertedVariant(source: Source, home: PodHome, entry: Entry, to: RdfType): Promise<Variant> {
  const main = turtleVariant(home, entry)
  if (main.bytes === undefined) {
    throw new XpodError('NOT_ACCEPTABLE', 'this container is too large for other types than text/turtle')
  }
  const base = urlOf(home.pod, entry.resource!.path)
  const bytes = await source.rdf.convert(main.bytes, { from: turtle, to, base }, neverAborted)
  return kept(home, entry, {
    tag: tagOf(to),
    contentType: to,
    bytes,
    allow: main.allow,
  })
}

async function pageVariant(source: Source, home: PodHome, entry: Entry, language: 'en' | 'zh'): Promise<Variant> {
  const { path } = entry.resource!
  const { listing } = derivedOf(entry)
  const page = listing === undefined ? await source.store.children(home.pod.id, path, undefined, maxRows) : undefined
  const children = listing?.children ?? page?.page ?? []
  const html = listingPage({
    container: path,
    podName: home.pod.name,
    children,
    total: listing?.children.length,
    language,
  })
  return kept(home, entry, {
    tag: tagOf('text/html', language),
    contentType: 'text/html; charset=utf-8',
    bytes: Buffer.from(html),
    language,
    extra: ['Content-Security-Policy', listingPolicy],
    allow: allowOf({ path, resource: entry.resource, empty: children.length === 0 }).headers,
  })
}

interface Kept {
  readonly tag: string
  readonly contentType: string
  readonly bytes: Uint8Array
  readonly allow: readonly string[]
  readonly language?: string
  readonly extra?: readonly string[]
}

function kept(home: PodHome, entry: Entry, parts: Kept): Variant {
  const variant = makeVariant(entry, { ...parts, size: parts.bytes.length })
  derivedOf(entry).others.set(parts.tag, variant)
  home.charge(entry, parts.bytes.length)
  return variant
}

/**
 * The Turtle of a container of any size, page by page; the reader's pace decides when the next page is read. What turns out
 * to be small enough, and stayed the same all along, is kept for the next reader.
 */
export async function* streamListing(source: Source, home: PodHome, entry: Entry): AsyncGenerator<Uint8Array> {
  const resource = entry.resource!
  const derived = derivedOf(entry)
  let members: Child[] | undefined = derived.isLarge ? undefined : []
  let bytes = 0
  let text = `${listingHead(resource)}${derived.metaText ?? ''}`
  for (let after: string | undefined; ; ) {
    const found = await source.store.children(home.pod.id, resource.path, after, pageRows)
    if (found === undefined) throw new XpodError('NOT_FOUND', 'the container was deleted while it was listed')
    for (const child of found.page) {
      text += listingLine(child)
      members?.push(child)
      bytes += lineBytes(child)
    }
    if (bytes > maxKeptBytes) derived.isLarge = true
    if (bytes > maxKeptBytes || !isState(found, resource)) members = undefined
    yield Buffer.from(text)
    if (found.page.length < pageRows) break
    text = ''
    after = keyOf(found.page.at(-1)!.path)
  }
  if (members !== undefined) keepListing(home, entry, members)
}

function isState(page: ChildPage, container: Resource): boolean {
  return page.version.seq === container.version.seq && page.childSeq === container.childSeq
}

/** Renderings serve all who wait for them, so no single request may abort them. */
const neverAborted = new AbortController().signal
