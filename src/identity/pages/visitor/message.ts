// Pages that only say something: logged out, deletion under way, an error. Each has one way on.

import { heading } from '../elements.ts'
import { dateText } from '../format.ts'
import { html, type Html } from '../html.ts'
import type { PageModels } from '../models.ts'
import type { Content, Draw, Scene } from '../scene.ts'
import { refusal } from '../words/refusals.ts'

export const loggedOut: Draw<PageModels['loggedOut']> = (_model, scene) => {
  const { loggedOutPage: texts } = scene.words
  return message(texts.title, texts.lead, link(scene.frame.links.logIn, texts.again))
}

export const deletionScheduled: Draw<PageModels['deletionScheduled']> = ({ deleteAtMs }, scene) => {
  const { deletionScheduledPage: texts, logIn } = scene.words
  const lead = texts.lead(dateText(deleteAtMs, scene.language))
  return message(texts.title, lead, link(scene.frame.links.logIn, logIn, ' plain'))
}

export const error: Draw<PageModels['error']> = (model, scene) => {
  const { words, language, frame } = scene
  const { errorPage: texts } = words
  const on =
    model.back === undefined ? link(frame.links.front, texts.front, ' plain') : link(model.back, texts.back, ' plain')
  const code = html`<p class="soft small">${texts.code} <code>${model.code}</code> · ${model.status}</p>`
  return message(titleOf(model.status, scene), refusal(model, language), html`${on}${code}`)
}

export const loginProblem: Draw<PageModels['loginProblem']> = ({ code, detail, status }, scene) => {
  const { loginProblemPage: texts } = scene.words
  const reason = html`<details><summary>${texts.detail}</summary><p lang="en">${detail}</p><p class="soft small below"><code>${code}</code> · ${status}</p></details>`
  return message(texts.title, texts.lead, reason)
}

/** The provider's own form, with the provider's own token. */
export const logOut: Draw<PageModels['logOut']> = ({ action, fields }, scene) => {
  const { words, frame } = scene
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const stay = html`<a class="button plain" href="${frame.member?.links.home ?? frame.links.front}">${words.logOutPage.stay}</a>`
  const body = html`<form method="post" action="${action}">${hidden}<div class="pair">${stay}<button>${words.logOut}</button></div></form>`
  return message(words.logOutPage.title, words.logOutPage.lead, body)
}

function titleOf(status: number, { words }: Scene): string {
  const { errorPage: texts } = words
  if (status >= 500) return texts.failed
  if (status === 404 || status === 410) return texts.missing
  if (status === 429) return texts.tooMany
  return status === 401 || status === 403 ? texts.denied : texts.refused
}

function message(title: string, lead: string, after: Html): Content {
  return { title, layout: 'narrow', body: html`<div class="card fields">${heading(title, lead)}${after}</div>` }
}

function link(target: string, label: string, look = ''): Html {
  return html`<p><a class="button full${look}" href="${target}">${label}</a></p>`
}
