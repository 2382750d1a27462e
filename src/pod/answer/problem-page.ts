// A failure as a page for people: what happened, what to do about it, and the code to look it up by. The same facts as the
// problem document, nothing of the request.

import type { XpodError } from '../../base/errors.ts'
import { colours, typeface } from './look.ts'
import { escapeHtml, pagePolicy } from './markup.ts'

const style = `${colours}
*{box-sizing:border-box}
body{margin:0 auto;max-width:34rem;padding:20vh 1.25rem 4rem;background:var(--page);color:var(--text);font:16px/1.5 ${typeface}}
h1{margin:0 0 .75rem;font-size:1.35rem;font-weight:600;overflow-wrap:anywhere}
p{margin:0 0 .5rem;overflow-wrap:anywhere}
.code{margin-top:1.5rem;color:var(--soft);font-size:.85rem}`

export const problemPolicy = pagePolicy(style)

export function problemPage({ title, detail, hint, status, code }: XpodError): string {
  const told = [detail, hint].filter((text) => text !== '').map((text) => `<p>${escapeHtml(text)}</p>`)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${escapeHtml(title)}</title>
<style>${style}</style>
<h1>${escapeHtml(title)}</h1>
${told.join('\n')}
<p class="code">${status} ${code}</p>
`
}
