// Getting back in: asking for a link, and setting a new password with it. After asking, the page says the same whether the
// account exists or not (rule 16); a server without mail says who can help instead.

import { field, form, heading, news } from '../elements.ts'
import { html, type Html } from '../html.ts'
import type { PageModels } from '../models.ts'
import type { Draw, Scene } from '../scene.ts'
import { loginField } from './log-in.ts'

export const forgot: Draw<PageModels['forgot']> = (model, scene) => {
  const { forgotPage: texts } = scene.words
  if (model.sent) {
    const again = html`<p class="soft">${texts.sentHint} <a href="${scene.frame.links.forgot}">${texts.again}</a></p>`
    const body = html`<div class="card fields">${heading(texts.sentTitle, texts.sent)}${again}</div>${ways(scene)}`
    return { title: texts.sentTitle, layout: 'narrow', body }
  }
  if (!model.hasMail) {
    const body = html`<div class="card">${heading(texts.title, texts.noMail)}</div>${ways(scene)}`
    return { title: texts.title, layout: 'narrow', body }
  }
  const fields = html`${loginField(model.values.login, scene)}<button class="full">${texts.submit}</button>`
  const body = html`<div class="card">${heading(texts.title, texts.lead)}${news(scene)}${form(scene, {}, fields)}</div>${ways(scene)}`
  return { title: texts.title, layout: 'narrow', body }
}

function ways({ words, frame }: Scene): Html {
  return html`<p class="after"><a href="${frame.links.recover}">${words.logInPage.recover}</a> · <a href="${frame.links.logIn}">${words.forgotPage.back}</a></p>`
}

export const reset: Draw<PageModels['reset']> = ({ isValid, recordId, minPasswordLength }, scene) => {
  const { words, frame } = scene
  const { resetPage: texts } = words
  if (!isValid) {
    const again = html`<p><a class="button full" href="${frame.links.forgot}">${texts.again}</a></p>`
    const body = html`<div class="card">${heading(texts.invalidTitle, texts.invalid)}${again}</div>`
    return { title: texts.invalidTitle, layout: 'narrow', body }
  }
  const password = field(scene, {
    name: 'password',
    label: words.newPassword,
    hint: words.passwordHint(minPasswordLength),
    type: 'password',
    autocomplete: 'new-password',
    hasFocus: true,
  })
  const fields = html`${password}<button class="full">${texts.submit}</button>`
  const body = html`<div class="card">${heading(texts.title, texts.lead)}${news(scene)}${form(scene, { hidden: { recordId } }, fields)}</div>`
  return { title: texts.title, layout: 'narrow', body }
}
