// Making an account: e-mail, password and the name of the first pod in one form, because an account without a pod can do
// nothing yet. Where sign-up is closed the page says who makes accounts.

import { field, form, heading, news, tick } from '../elements.ts'
import { html, type Html } from '../html.ts'
import type { PageModels } from '../models.ts'
import type { Draw, Scene } from '../scene.ts'
import { podField } from '../pod-field.ts'
import { towards } from './towards.ts'

export const signUp: Draw<PageModels['signUp']> = (model, scene) => {
  const { words, frame } = scene
  const { signUpPage: texts } = words
  const other = html`<p class="after">${texts.other} <a href="${frame.links.logIn}">${words.logIn}</a></p>`
  if (model.registration === 'closed') {
    const body = html`<div class="card">${heading(texts.closedTitle, texts.closed)}</div>${other}`
    return { title: texts.closedTitle, layout: 'narrow', body }
  }
  const body = html`<div class="card">${heading(texts.title, texts.lead)}${news(scene)}${towards(model.client, scene)}${formOf(model, scene)}</div>${other}`
  return { title: texts.title, layout: 'narrow', body }
}

function formOf({ values, podAddress, minPasswordLength, registration }: PageModels['signUp'], scene: Scene): Html {
  const { words, frame } = scene
  const { signUpPage: texts } = words
  const isRefused = frame.problems.some((one) => one.field === 'invite')
  const showsInvite = registration === 'invite' && (values.invite === '' || isRefused)
  const invite = {
    name: 'invite',
    label: texts.invite,
    value: values.invite,
    autocomplete: 'off',
    isVerbatim: true,
  } as const
  return form(
    scene,
    showsInvite || values.invite === '' ? {} : { hidden: { invite: values.invite } },
    html`${showsInvite && field(scene, invite)}
${field(scene, { name: 'email', label: words.email, hint: texts.emailHint, type: 'email', value: values.email, autocomplete: 'username' })}
${field(scene, { name: 'password', label: words.password, hint: words.passwordHint(minPasswordLength), type: 'password', autocomplete: 'new-password' })}
${podField(scene, { name: 'podName', label: words.podName, value: values.podName, address: podAddress })}
${tick(scene, { name: 'remember', label: words.remember })}
<button class="full">${texts.submit}</button>`,
  )
}
