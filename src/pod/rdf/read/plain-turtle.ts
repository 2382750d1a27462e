// Tells that a small Turtle document of the everyday shape is valid without making a term of it: prefixes, IRIs, names, and
// plain strings with a language or an XSD type. It knows less than Turtle 1.1 on purpose. A no means only that the library
// must look; a yes of what the library refuses would be a bug, and the fuzzer looks for it.

import { isUtf8 } from 'node:buffer'

import { KiB } from '../../../base/bytes.ts'

/** So short that prefixes cannot expand its terms beyond what any document may hold. */
const maxBytes = 16 * KiB

const space = /(?:[ \t\r\n]+|#[^\r\n]*)*/y
const iri = /<(?:[A-Za-z][A-Za-z0-9+.-]*:|[/?#]|[A-Za-z0-9._~-]+(?=[/>])|(?=>))[\w!#$%&'()*+,./:;=?@~-]*>/y
const name = /(?:[A-Za-z][\w-]*)?:[A-Za-z_][\w-]*(?=[ \t\r\n;,]|\.(?:[ \t\r\n]|$))/y
const typeOf = /a(?=[ \t\r\n])/y
const string = /"[^"\\\x00-\x1f\x7f]*"(?!")/y
const language = /@[a-z]{2,3}(?:-[A-Za-z]{2})?(?=[ \t\r\n;,]|\.(?:[ \t\r\n]|$))/y
const xsdType = /\^\^<http:\/\/www\.w3\.org\/2001\/XMLSchema#[A-Za-z]+>/y
const prefix = /@prefix[ \t]+((?:[A-Za-z][\w-]*)?:)[ \t]*(?=<)/y
const end = /\.(?=[ \t\r\n]|$)/y
const comma = /,/y
const semicolon = /;/y

/** Whether these bytes are Turtle, as far as that can be seen at a glance. */
export function isPlainTurtle(bytes: Uint8Array): boolean {
  return bytes.length <= maxBytes && isUtf8(bytes) && new Scan(bytes).isDocument()
}

/** Each method moves on when it says yes; after a no nothing is looked at any more. */
class Scan {
  readonly #text: string
  readonly #prefixes = new Set<string>()
  #at = 0

  constructor(bytes: Uint8Array) {
    // Bytes above ASCII only have a place in strings and comments, where one is like another.
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  }

  isDocument(): boolean {
    for (;;) {
      this.#take(space)
      if (this.#at === this.#text.length) return true
      if (!(this.#text[this.#at] === '@' ? this.#isPrefix() : this.#isStatement())) return false
    }
  }

  #isPrefix(): boolean {
    prefix.lastIndex = this.#at
    const match = prefix.exec(this.#text)
    if (match === null) return false
    this.#at = prefix.lastIndex
    this.#prefixes.add(match[1]!)
    return this.#take(iri) && this.#take(space) && this.#take(end)
  }

  #isStatement(): boolean {
    if (!this.#isTerm()) return false
    this.#take(space)
    while (this.#isVerb() && this.#areObjects()) {
      if (!this.#take(semicolon)) return this.#take(end)
      this.#take(space)
      // A semicolon may be the last of a statement.
      if (this.#take(end)) return true
    }
    return false
  }

  #isVerb(): boolean {
    return this.#take(typeOf) || this.#isTerm()
  }

  #areObjects(): boolean {
    do {
      this.#take(space)
      if (!this.#isTerm() && !this.#isString()) return false
      this.#take(space)
    } while (this.#take(comma))
    return true
  }

  #isTerm(): boolean {
    const start = this.#at
    if (this.#take(iri)) return true
    return this.#take(name) && this.#prefixes.has(this.#text.slice(start, this.#text.indexOf(':', start) + 1))
  }

  #isString(): boolean {
    if (!this.#take(string)) return false
    // Whatever else follows is no end of an object.
    return this.#take(language) || this.#take(xsdType) || true
  }

  #take(token: RegExp): boolean {
    token.lastIndex = this.#at
    if (!token.test(this.#text)) return false
    this.#at = token.lastIndex
    return true
  }
}
