// Markup as a value. `html` escapes whatever is put into it, so that a name chosen by a stranger stays a name; only what
// `html` made itself goes in as it is. Attributes are always written in quotes. Escaping does not make `javascript:`
// harmless: an address that a stranger chose is shown as text and never put into an href. It knows no page.

/** Made by `html` alone. The class is not exported: nobody else can say that a text is safe. */
class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Html = Markup
/** undefined and false show nothing, so that `condition && html…` reads well. */
export type Value = Html | string | number | undefined | false | readonly Value[]

export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  let text = strings[0]!
  for (const [index, value] of values.entries()) text += shown(value) + strings[index + 1]!
  return new Markup(text)
}

/** For a style sheet and a script that are constants of this program: their bytes are what the policy's hash is made of. */
export function constant(text: string): Html {
  return new Markup(text)
}

function shown(value: Value): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'string') return escaped(value)
  if (typeof value === 'number') return String(value)
  return value.map(shown).join('')
}

const special: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => special[char]!)
}
