// A container as a page for people: one table, light and dark, no script. Names come from strangers, so everything is
// escaped, and the page is sandboxed with a policy that allows nothing but its own style sheet, by hash.

import { colours, typeface } from '../answer/look.ts'
import { escapeHtml, pagePolicy } from '../answer/markup.ts'
import { isContainer, nameOf, parentOf, type Path } from '../path.ts'
import { essenceOf } from '../rdf/media-types.ts'
import type { Child } from '../store/resource.ts'
import { type Language, listingTexts } from './listing-texts.ts'

/** Rows on a page; people do not read more. */
export const maxRows = 1000

const style = `${colours}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:2.5rem 1.25rem 4rem;background:var(--page);color:var(--text);font:16px/1.5 ${typeface}}
h1{margin:0;font-size:1.35rem;font-weight:600;overflow-wrap:anywhere}
p{margin:.25rem 0 1.25rem;color:var(--soft);font-size:.9rem}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
table{width:100%;border-collapse:collapse}
th{padding:.5rem .75rem .5rem 0;text-align:left;font-size:.8rem;font-weight:500;color:var(--soft)}
td{padding:.55rem .75rem .55rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
td+td{color:var(--soft);font-size:.875rem;white-space:nowrap;font-variant-numeric:tabular-nums}
.size{text-align:right}
@media (max-width:40rem){.type{display:none}}`

/** The Content-Security-Policy of the page. */
export const listingPolicy = pagePolicy(style)

export interface ListingPage {
  readonly container: Path
  /** What the root is called. */
  readonly podName: string
  readonly children: readonly Child[]
  /** How many there are, or undefined when there are more than were counted. */
  readonly total: number | undefined
  readonly language: Language
}

export function listingPage(page: ListingPage): string {
  const texts = listingTexts[page.language]
  const name = page.container === '/' ? page.podName : decoded(nameOf(page.container))
  const shown = page.children.slice(0, maxRows)
  const isCut = page.total === undefined || page.total > shown.length
  const count = page.total === undefined ? '' : texts.count(page.total)
  return `<!doctype html>
<html lang="${page.language === 'zh' ? 'zh-Hans' : 'en'}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(name)}</title>
<style>${style}</style>
<h1>${escapeHtml(name)}/</h1>
<p>${count}</p>
${shown.length === 0 && parentOf(page.container) === undefined ? '' : table(page, shown)}
${shown.length === 0 ? `<p>${texts.empty}</p>` : ''}${isCut ? `<p>${texts.more(shown.length)}</p>` : ''}
`
}

function table({ container, language }: ListingPage, children: readonly Child[]): string {
  const texts = listingTexts[language]
  const up = container === '/' ? '' : `<tr><td><a href="../">${texts.up}</a><td class="type"><td><td>\n`
  return `<table>
<tr><th>${texts.name}<th class="type">${texts.type}<th class="size">${texts.size}<th>${texts.modified}
${up}${children.map((child) => row(child, texts.folder)).join('\n')}
</table>`
}

function row(child: Child, folder: string): string {
  const slash = isContainer(child.path) ? '/' : ''
  const name = nameOf(child.path)
  const type = slash === '' ? (essenceOf(child.mediaType) ?? '') : folder
  const size = slash === '' ? sizeText(child.size) : ''
  const modified = new Date(child.modifiedMs).toISOString().slice(0, 16).replace('T', ' ')
  return `<tr><td><a href="./${escapeHtml(name)}${slash}">${escapeHtml(decoded(name))}${slash}</a><td class="type">${escapeHtml(type)}<td class="size">${size}<td>${modified}`
}

function sizeText(size: number): string {
  if (size < 1000) return `${size} B`
  const exponent = Math.min(4, Math.floor(Math.log10(size) / 3))
  return `${(size / 1000 ** exponent).toFixed(1)} ${['', 'kB', 'MB', 'GB', 'TB'][exponent]!}`
}

/** A name as people read it. Canonical paths always decode; an encoded slash is shown as it is in the address. */
function decoded(name: string): string {
  return decodeURIComponent(name.replaceAll('%2F', '%252F').replaceAll('%5C', '%255C'))
}
