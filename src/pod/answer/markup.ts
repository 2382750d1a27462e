// What pages made here have in common: text from strangers is escaped, and a page's own style sheet is allowed by its hash
// and nothing else is (Content Security Policy level 3, section 2.3.1).

import { createHash } from 'node:crypto'

/** For text and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** A policy for a page without scripts, forms and pictures whose only style sheet is this one. */
export function pagePolicy(style: string): string {
  const hash = createHash('sha256').update(style).digest('base64')
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; sandbox allow-downloads allow-popups`
}
