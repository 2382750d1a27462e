// How deep the brackets of N3 or SPARQL lie inside each other, found before the parser sees the text: what a parser does with
// thousands of levels can take minutes (each level copies what is inside it), and what this server writes itself goes 32 deep.
// Brackets in strings, IRIs and comments do not count. One pass; anything that is not well formed is the parser's to say.

export const maxNesting = 40

// Each as strict as the parsers are: what they do not take for a string or an IRI must not hide brackets from this.
const tokens = new RegExp(
  [
    /\\./,
    /"""(?:[^"\\]|\\.|"(?!""))*"""/,
    /'''(?:[^'\\]|\\.|'(?!''))*'''/,
    /"(?:[^"\\\r\n]|\\.)*"/,
    /'(?:[^'\\\r\n]|\\.)*'/,
    /<(?:[^\u0000-\u0020<>"{}|^`\\]|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8})*>/,
    /#[^\r\n]*/,
    /[([{]|[)\]}]/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gs',
)

/** Whether the text has brackets more than `maxNesting` deep. */
export function isDeep(text: string): boolean {
  let depth = 0
  for (const [token] of text.matchAll(tokens)) {
    if (token === '(' || token === '[' || token === '{') {
      if (++depth > maxNesting) return true
    } else if (token === ')' || token === ']' || token === '}') depth--
  }
  return false
}
