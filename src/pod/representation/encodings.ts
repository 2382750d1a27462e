// Content codings of answers (RFC 9110 section 8.4): made once per version and kept beside it, never per request. Only for
// types that shrink, between 1 KiB and 8 MiB; large documents are streamed as they are stored.

import { promisify } from 'node:util'
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib'

import { KiB, MiB } from '../../base/bytes.ts'
import { essenceOf } from '../rdf/media-types.ts'

export type Coding = 'br' | 'zstd' | 'gzip'

/** In order of preference when a client weighs them the same. */
export const codings: readonly Coding[] = ['br', 'zstd', 'gzip']

const minBytes = KiB
const maxBytes = 8 * MiB

const compressible =
  /^(?:text\/.+|application\/(?:.+\+)?(?:json|xml)|application\/(?:javascript|wasm|n-triples|n-quads|trig)|image\/(?:svg\+xml|bmp))$/

/** Whether a body of this type and size is worth compressing. */
export function isCompressible(mediaType: string, size: number): boolean {
  return size >= minBytes && size <= maxBytes && compressible.test(essenceOf(mediaType) ?? '')
}

const brotli = promisify(brotliCompress)
const zip = promisify(gzip)
const zstd = promisify(zstdCompress)

/** Levels that cost about as much as sending the bytes uncompressed over a slow line saves. */
const encoders: Readonly<Record<Coding, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  br: (bytes) =>
    brotli(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  zstd: (bytes) => zstd(bytes),
  gzip: (bytes) => zip(bytes, { level: 6 }),
}

/** Compresses on the thread pool. */
export function compress(bytes: Uint8Array, coding: Coding): Promise<Uint8Array> {
  return encoders[coding](bytes)
}
