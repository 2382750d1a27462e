// The forms of a page, read from its markup the way a browser would fill them when nothing is typed. For our own pages only:
// it knows the elements that they use.

export interface Form {
  readonly method: string
  /** Absolute. */
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  /** The form's own tag. */
  readonly tag: string
}

export function formsOf(html: string, url: string): readonly Form[] {
  const forms = [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)]
  return forms.flatMap(([, tag = '', inner = '']) => {
    const method = (attribute(tag, 'method') ?? 'get').toUpperCase()
    const form: Form = {
      method,
      action: new URL(attribute(tag, 'action') ?? url, url).href,
      fields: fields(inner),
      tag,
    }
    const other = [...inner.matchAll(/<button\b([^>]*)>/gi)].flatMap(([, button = '']) => {
      const action = attribute(button, 'formaction')
      return action === undefined ? [] : [{ ...form, action: new URL(action, url).href }]
    })
    return [form, ...other]
  })
}

function fields(html: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [, tag = ''] of html.matchAll(/<input\b([^>]*)>/gi)) {
    const name = attribute(tag, 'name')
    const type = attribute(tag, 'type') ?? 'text'
    const isOff = (type === 'checkbox' || type === 'radio') && !/\bchecked\b/i.test(tag)
    if (name !== undefined && !isOff) found[name] = attribute(tag, 'value') ?? ''
  }
  for (const [, tag = '', options = ''] of html.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gis)) {
    const name = attribute(tag, 'name')
    const [, first = ''] = /<option\b([^>]*)>/i.exec(options) ?? []
    if (name !== undefined) found[name] = attribute(first, 'value') ?? ''
  }
  return found
}

function attribute(tag: string, name: string): string | undefined {
  const [, quoted, single, bare] = new RegExp(`\\b${name}=(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(tag) ?? []
  const value = quoted ?? single ?? bare
  return value === undefined ? undefined : unescapeHtml(value)
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return named[name ?? ''] ?? all
  })
}
