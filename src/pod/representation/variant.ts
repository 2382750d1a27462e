// One representation of one version of a resource, and all that was made of that version: kept beside the entry in memory,
// dropped with it. Variants are values; the answers prepared from them are filled in on first use.

import type { PodResponse } from '../exchange.ts'
import type { Coding } from './encodings.ts'
import type { Listing } from './listing.ts'
import type { Offer } from './negotiation.ts'

export interface Variant {
  /** With quotes. */
  readonly etag: string
  readonly contentType: string
  readonly coding: Coding | undefined
  readonly language: string | undefined
  /** Undefined when it is not known before all is sent. */
  readonly size: number | undefined
  /** Undefined when the body is streamed. */
  readonly bytes: Uint8Array | undefined
  /** The bytes as sent by the writer: ranges apply to these only. */
  readonly stored: boolean
  /** Worth a content coding. */
  readonly compressible: boolean
  /** Allow and Accept-… of the resource, as a flat list. */
  readonly allow: readonly string[]
  /** Further headers, such as a policy; a flat list. */
  readonly extra: readonly string[]
  /** Encoded forms made so far. */
  readonly encoded: Partial<Record<Coding, Variant>>
  /** Prepared answers by rights. */
  readonly answers: Map<number, Answers>
}

/** Ready answers of one variant for one set of rights. Those with a hole take the Origin at index 1 of a copy. */
export interface Answers {
  readonly ok: PodResponse
  readonly head: PodResponse
  readonly notModified: PodResponse
  readonly okHole: readonly string[]
  readonly notModifiedHole: readonly string[]
}

/** What was derived from one version of a resource. */
export class Derived {
  /** What it can be had in; made once, because the memo of negotiation is keyed by its name. */
  offer: Offer | undefined = undefined
  /** The stored type, or Turtle for a container. */
  main: Variant | undefined = undefined
  /** Conversions and pages, by media type and language. */
  readonly others = new Map<string, Variant>()
  /** What is being made, so that it is made once. */
  readonly making = new Map<string, Promise<Variant>>()
  /** A container's members, while they fit in memory. */
  listing: Listing | undefined = undefined
  /** The container's .meta as Turtle relative to the container, or undefined while not rendered. */
  metaText: string | undefined = undefined
  /** The listing was found to be too large to keep. */
  isLarge = false
  /** There are more members than are read before the first byte is sent; the listing is kept when one walk has ended. */
  isLong = false
}
