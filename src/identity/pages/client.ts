// How an app is shown. Its name and logo are its own words, so its address stands beside them and weighs more. A logo is
// never fetched: that would tell a stranger's server who is about to log in, and could change after it was looked at. Only
// a small raster image inside a data: URL is drawn; every other app gets its initial. A name is shortened and isolated, so
// that it can neither fill the page nor turn the text around it.

import { html, type Html } from './html.ts'
import type { AppView } from './models.ts'
import type { Words } from './words/en.ts'

type Client = AppView['client']

const maxNameLength = 80
const maxLogoLength = 64 * 1024
/** Line ends and other controls, spaces in a row, and characters that turn the direction of text. */
const unwanted = /[\p{Cc}\s\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu
/** Marks heaped on one letter would cover the lines around it. */
const heaped = /(\p{M}{2})\p{M}+/gu
const raster = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$/

export function nameOf(client: Client, words: Words): string {
  const name = (client.name ?? '').slice(0, 1000).replace(unwanted, ' ').replace(heaped, '$1').trim()
  if (name === '') return hostOf(client.uri ?? client.id) ?? words.consentPage.unnamed
  if (name.length <= maxNameLength) return name.toWellFormed()
  return `${name
    .slice(0, maxNameLength)
    .replace(/[\ud800-\udbff]$/, '')
    .toWellFormed()}…`
}

export function markOf(client: Client, words: Words, size: '' | ' large' = ''): Html {
  const { logoUri } = client
  if (logoUri !== undefined && logoUri.length <= maxLogoLength && raster.test(logoUri)) {
    return html`<span class="mark${size}"><img src="${logoUri}" alt=""></span>`
  }
  const [initial = '?'] = nameOf(client, words).toUpperCase()
  return html`<span class="mark${size}" aria-hidden="true">${initial}</span>`
}

/** `example.org` of a URL, undefined of anything else. */
export function hostOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { host } = new URL(text)
  return host === '' ? undefined : host
}
