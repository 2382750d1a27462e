// Logging in by password, passkey or recovery code. What went wrong is said of the form, never of a field, and in the same
// words whether the account exists or not (rule 16).

import { act, field, form, heading, news, passkeyForm, tick } from '../elements.ts'
import { html } from '../html.ts'
import { icon } from '../icons.ts'
import type { PageModels } from '../models.ts'
import type { Draw, Scene } from '../scene.ts'
import { towards } from './towards.ts'

export const logIn: Draw<PageModels['logIn']> = (model, scene) => {
  const { words, frame } = scene
  const { logInPage: texts } = words
  const { client, passkey, cancelAction, values } = model
  const body = html`<div class="card">${heading(texts.title)}${news(scene)}${towards(client, scene)}
${form(
  scene,
  { hidden: { next: values.next } },
  html`${loginField(values.login, scene)}
<div>${field(scene, { name: 'password', label: words.password, type: 'password', autocomplete: 'current-password' })}<p class="small below"><a href="${frame.links.forgot}">${texts.forgot}</a></p></div>
${tick(scene, { name: 'remember', label: words.remember, isOn: values.remember })}
<button class="full">${words.logIn}</button>`,
)}
${passkey !== undefined && passkeyForm('login', passkey, { content: html`<p class="or">${texts.or}</p><button class="full plain">${icon('finger')}${texts.passkey}</button>`, failed: texts.passkeyFailed })}
</div>${model.canSignUp && html`<p class="after">${texts.other} <a href="${frame.links.signUp}">${words.signUp}</a></p>`}
${cancelAction !== undefined && html`<div class="after">${act(scene, { action: cancelAction, label: words.cancel, look: 'quiet' })}</div>`}`
  return { title: texts.title, layout: 'narrow', body, hasPasskeys: passkey !== undefined }
}

export const recover: Draw<PageModels['recover']> = ({ values }, scene) => {
  const { words, frame } = scene
  const { recoverPage: texts } = words
  const body = html`<div class="card">${heading(texts.title, texts.lead)}${news(scene)}
${form(
  scene,
  {},
  html`${loginField(values.login, scene)}
${field(scene, { name: 'code', label: texts.code, autocomplete: 'one-time-code', isVerbatim: true })}
<button class="full">${texts.submit}</button>`,
)}</div><p class="after"><a href="${frame.links.logIn}">${words.forgotPage.back}</a></p>`
  return { title: texts.title, layout: 'narrow', body }
}

export function loginField(value: string, scene: Scene) {
  const { login: label } = scene.words
  return field(scene, {
    name: 'login',
    label,
    value,
    autocomplete: 'username',
    isVerbatim: true,
    hasFocus: value === '',
  })
}
