// Proactive negotiation (RFC 9110 section 12): which media type and coding fit a request. Accept headers are few and long,
// so what was made of each is remembered under its raw text, bounded; a hot request costs one lookup.
//
// Among the types a resource can be had in, the highest q wins; with equal q the one that a more specific range names
// (`text/turtle, */*` on stored JSON-LD gives Turtle); then the order offered, the stored type first (solid.md pitfall 22).

import type { Coding } from './encodings.ts'

interface MediaRange {
  readonly type: string
  readonly subtype: string
  readonly q: number
  /** 3 for type/subtype, 2 for type/*, 1 for the star. */
  readonly specificity: number
}

/** Bounds of the memo and of what is looked at in one header. */
const maxRemembered = 500
const maxRememberedLength = 1000
const maxRanges = 100
/** Elements of a list, whose parameters may hold commas in quotes. */
const elements = /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/gs
const jsonLd = 'application/ld+json'

/** Of one Accept header. `choose` remembers its answers by the name of the offer. */
export class Acceptance {
  readonly #ranges: MediaRange[] = []
  readonly #chosen = new Map<string, string | undefined>()

  constructor(header: string) {
    for (const [element] of header.matchAll(elements)) {
      if (this.#ranges.length === maxRanges) break
      const range = parseRange(element)
      if (range !== undefined) this.#ranges.push(range)
    }
  }

  /**
   * The media type of `offer.types` (essences, in order of preference) to send, or undefined when none is acceptable.
   * A header without one valid range accepts everything.
   */
  choose(offer: Offer): string | undefined {
    if (this.#ranges.length === 0) return offer.types[0]
    if (this.#chosen.has(offer.name)) return this.#chosen.get(offer.name)
    const chosen = this.#best(offer.types) ?? this.#asJson(offer.types)
    if (this.#chosen.size >= maxRemembered) this.#chosen.clear()
    this.#chosen.set(offer.name, chosen)
    return chosen
  }

  /** Whether this one type is acceptable at all. */
  accepts(essence: string): boolean {
    return this.#ranges.length === 0 || (this.#rangeFor(essence)?.q ?? 0) > 0
  }

  #best(types: readonly string[]): string | undefined {
    let best: { type: string; range: MediaRange } | undefined
    for (const type of types) {
      const range = this.#rangeFor(type)
      if (range === undefined || range.q === 0) continue
      if (best === undefined || isBetter(range, best.range)) best = { type, range }
    }
    return best?.type
  }

  /** JSON-LD is JSON: before nothing at all, it is what a client gets that asks for application/json. */
  #asJson(types: readonly string[]): string | undefined {
    return types.includes(jsonLd) && (this.#rangeFor('application/json')?.q ?? 0) > 0 ? jsonLd : undefined
  }

  /** The most specific range that matches decides about a type. */
  #rangeFor(essence: string): MediaRange | undefined {
    const [type, subtype] = essence.split('/')
    let found: MediaRange | undefined
    for (const range of this.#ranges) {
      const matches =
        (range.type === '*' || range.type === type) && (range.subtype === '*' || range.subtype === subtype)
      if (matches && (found === undefined || range.specificity > found.specificity)) found = range
    }
    return found
  }
}

/** The types that one kind of resource can be had in; `name` tells offers apart in the memo. */
export interface Offer {
  readonly name: string
  readonly types: readonly string[]
}

function isBetter(range: MediaRange, than: MediaRange): boolean {
  return range.q > than.q || (range.q === than.q && range.specificity > than.specificity)
}

function parseRange(text: string): MediaRange | undefined {
  const match = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\/([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(;.*)?$/.exec(text)
  if (match === null) return undefined
  const type = match[1]!.toLowerCase()
  const subtype = match[2]!.toLowerCase()
  if (type === '*' && subtype !== '*') return undefined
  return { type, subtype, q: weightOf(match[3]), specificity: type === '*' ? 1 : subtype === '*' ? 2 : 3 }
}

/** The q of `;q=0.5`; 1 without one; out of range or not a number counts as 1, as a client that errs wants something. */
function weightOf(parameters: string | undefined): number {
  const unquoted = parameters?.replace(/"(?:[^"\\]|\\.)*"?/gs, '') ?? ''
  const match = /;\s*q\s*=\s*(\d(?:\.\d{0,3})?)/i.exec(unquoted)
  return match === null ? 1 : Math.min(1, Number(match[1]))
}

/** The codings a client takes, best first; `identity` is always possible and not listed. */
function parseCodings(header: string, known: readonly Coding[]): Coding | undefined {
  const weights = new Map<string, number>()
  for (const part of header.split(',', maxRanges)) {
    const name = part.split(';', 1)[0]!.trim().toLowerCase()
    if (name !== '') weights.set(name, weightOf(part.slice(part.indexOf(name) + name.length)))
  }
  const identity = weights.get('identity') ?? 0
  let best: { coding: Coding; q: number } | undefined
  for (const coding of known) {
    const q = weights.get(coding) ?? weights.get('*') ?? 0
    if (q > 0 && q >= identity && (best === undefined || q > best.q)) best = { coding, q }
  }
  return best?.coding
}

/** The memo. One per server. */
export class Negotiator {
  readonly #accepts = new Map<string, Acceptance>()
  readonly #codings = new Map<string, Coding | undefined>()
  readonly #everything = new Acceptance('')
  readonly #known: readonly Coding[]

  constructor(codings: readonly Coding[]) {
    this.#known = codings
  }

  accept(header: string | undefined): Acceptance {
    if (header === undefined) return this.#everything
    const known = this.#accepts.get(header)
    if (known !== undefined) return known
    const made = new Acceptance(header)
    remember(this.#accepts, header, made)
    return made
  }

  /** The coding to use for what can be compressed, from Accept-Encoding; undefined for none. */
  coding(header: string | undefined): Coding | undefined {
    if (header === undefined) return undefined
    const known = this.#codings.get(header)
    if (known !== undefined || this.#codings.has(header)) return known
    const made = parseCodings(header, this.#known)
    remember(this.#codings, header, made)
    return made
  }
}

function remember<Value>(memo: Map<string, Value>, header: string, value: Value): void {
  if (header.length > maxRememberedLength) return
  if (memo.size >= maxRemembered) memo.clear()
  memo.set(header, value)
}
