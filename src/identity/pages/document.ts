// The document around a page: head, skip link, top bar with the language switch, navigation of the account, footer. All of
// it works without a script; the menu of narrow screens is a <details>, held open by the style sheet where there is room.

import { passkeyScript } from '../passkey/browser-script.ts'
import { locales } from './format.ts'
import { constant, html, type Html } from './html.ts'
import { favicon, icon, type Icon, logo } from './icons.ts'
import type { Language } from '../account/accounts.ts'
import type { MemberLinks } from './models.ts'
import type { Content, Scene } from './scene.ts'
import { style } from './style.ts'

export function documentOf(content: Content, scene: Scene): Html {
  const { frame, words, language } = scene
  const title = frame.problems.length > 0 ? words.errorTitle(content.title) : content.title
  return html`<!doctype html>
<html lang="${locales[language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} · ${words.brand}</title>
<link rel="icon" href="${favicon}">
<style>${constant(style)}</style>
</head>
<body>
<a class="skip" href="#content">${words.skip}</a>
${top(scene)}
${main(content, scene)}
<footer>${words.footer(new URL(frame.baseUrl).host)}</footer>
${content.hasPasskeys === true && html`<script>${constant(passkeyScript)}</script>\n`}</body>
</html>
`
}

function main(content: Content, scene: Scene): Html {
  if (content.layout !== 'wide') return html`<main id="content" class="${content.layout}">${content.body}</main>`
  return html`<div class="wide">${navigation(content, scene)}<main id="content" class="stack">${content.body}</main></div>`
}

function top({ frame, words, language }: Scene): Html {
  const { member, links } = frame
  return html`<header class="top">
<a class="brand" href="${links.front}">${logo}${words.brand}</a>
<nav class="tools" aria-label="${words.language}">${languageLink(frame.path, 'en', language)}${languageLink(frame.path, 'zh', language)}</nav>
${
  member !== undefined &&
  html`<form class="tools" method="post" action="${member.links.logOut}"><input type="hidden" name="csrf" value="${frame.csrf}"><bdi class="who">${member.label}</bdi><button class="quiet">${words.logOut}</button></form>`
}</header>`
}

const languageNames: Readonly<Record<Language, string>> = { en: 'English', zh: '简体中文' }

function languageLink(path: string, language: Language, current: Language): Html {
  const target = `${path}${path.includes('?') ? '&' : '?'}lang=${language}`
  const mark = language === current && html` aria-current="true"`
  return html`<a href="${target}" lang="${locales[language]}" hreflang="${locales[language]}"${mark}>${languageNames[language]}</a>`
}

const places: readonly (readonly [Exclude<keyof MemberLinks, 'logOut'>, Icon])[] = [
  ['home', 'home'],
  ['pods', 'pod'],
  ['webIds', 'person'],
  ['apps', 'apps'],
  ['credentials', 'terminal'],
  ['sessions', 'device'],
  ['changePassword', 'lock'],
  ['changeEmail', 'mail'],
  ['passkeys', 'finger'],
  ['recoveryCodes', 'key'],
  ['deleteAccount', 'bin'],
]

function navigation({ here, title }: Content, { frame, words }: Scene): Html {
  if (frame.member === undefined) return html``
  const { links } = frame.member
  const entries = places.map(
    ([place, drawing]) =>
      html`<li${place === 'deleteAccount' && html` class="after-all"`}><a href="${links[place]}"${place === here && html` aria-current="page"`}>${icon(drawing)}${words.nav[place]}</a></li>`,
  )
  return html`<nav class="menu" aria-label="${words.nav.label}"><details><summary>${here === undefined || here === 'logOut' ? title : words.nav[here]}</summary><ul>${entries}</ul></details></nav>`
}
