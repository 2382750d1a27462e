// Inputs for a fuzz target: entries of its corpus, mutated and crossed with each other and with snippets of its grammar. Seeded:
// the same seed and number of an input give the same input.

export interface Chance {
  /** 0 … n − 1. */
  below(n: number): number
  pick<T>(items: readonly T[]): T
}

/** mulberry32: small, fast, good enough to vary inputs. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (n: number): number => next() % n
  return { below, pick: (items) => items[below(items.length)]! }
}

const odd = [
  '\u0000',
  '\n',
  '\r\n',
  '"',
  "'",
  '\\',
  '\\u0000',
  '%',
  '%2e',
  '\ufeff',
  '\u202e',
  '😀',
  '\ud800',
  '  ',
  '../',
  '//',
  '-1',
  '1e999',
  '\\',
]

const maxChars = 64 * 1024

export interface Grammar {
  readonly corpus: readonly string[]
  readonly snippets: readonly string[]
}

export function makeInput(grammar: Grammar, chance: Chance): string {
  let text = chance.pick(grammar.corpus)
  for (let left = chance.below(8); left > 0; left--) text = mutate(text, grammar, chance).slice(0, maxChars)
  return text.toWellFormed()
}

function mutate(text: string, { corpus, snippets }: Grammar, chance: Chance): string {
  const from = chance.below(text.length + 1)
  const to = Math.min(text.length, from + chance.below(chance.pick([2, 8, 64, text.length + 1])))
  const replaceWith = (part: string): string => text.slice(0, from) + part + text.slice(to)
  switch (chance.below(9)) {
    case 0:
      return replaceWith('')
    case 1:
      return replaceWith(text.slice(from, to).repeat(2))
    case 2:
      return replaceWith(chance.pick(odd))
    case 3:
      return replaceWith(chance.pick(snippets))
    case 4:
      return text.slice(0, from) + chance.pick(snippets) + text.slice(from)
    case 5:
      return text.slice(0, from) + chance.pick(corpus).slice(chance.below(40))
    case 6:
      return replaceWith(chance.pick(snippets).repeat(1 + chance.below(chance.pick([3, 300]))))
    case 7:
      return text.slice(0, from)
    default:
      return replaceWith(String.fromCharCode(chance.below(chance.pick([128, 65536]))))
  }
}
