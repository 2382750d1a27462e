// How one logs in: password, e-mail address, passkeys, recovery codes; each a page of its own. Codes are shown once.

import { act, asking, date, facts, field, form, heading, listed, news, passkeyForm, userName } from '../elements.ts'
import { html, type Html } from '../html.ts'
import type { PageModels, PasskeyView } from '../models.ts'
import type { Draw, Scene } from '../scene.ts'

export const changePassword: Draw<PageModels['changePassword']> = (model, scene) => {
  const { words } = scene
  const { changePasswordPage: texts } = words
  const title = model.hasPassword ? texts.title : texts.titleNew
  const next = field(scene, {
    name: 'newPassword',
    label: words.newPassword,
    hint: words.passwordHint(model.minPasswordLength),
    type: 'password',
    autocomplete: 'new-password',
  })
  const body = html`${heading(title, model.hasPassword ? texts.lead : texts.leadNew)}${news(scene)}<section class="card">${
    model.hasPassword
      ? form(
          scene,
          {},
          html`${userName(model.email ?? scene.frame.member?.label)}${field(scene, { name: 'oldPassword', label: texts.old, type: 'password', autocomplete: 'current-password' })}${next}<button>${texts.submit}</button>`,
        )
      : asking(scene, model.ask, (password) =>
          form(
            scene,
            {},
            html`${emailField(words.email, model.values.email, scene)}${next}${password}<button>${texts.submitNew}</button>`,
          ),
        )
  }</section>`
  return { title, layout: 'wide', here: 'changePassword', body }
}

function emailField(label: string, value: string, scene: Scene): Html {
  return field(scene, { name: 'email', label, type: 'email', value, autocomplete: 'email' })
}

export const changeEmail: Draw<PageModels['changeEmail']> = (model, scene) => {
  const { changeEmailPage: texts } = scene.words
  const now =
    model.email !== undefined && html`<div><p class="soft small">${texts.now}</p><p><bdi>${model.email}</bdi></p></div>`
  const body = html`${heading(texts.title, texts.lead)}${news(scene)}<section class="card fields">${now}
${asking(scene, model.ask, (password) => form(scene, {}, html`${emailField(texts.next, model.values.email, scene)}${password}<button>${texts.submit}</button>`))}</section>`
  return { title: texts.title, layout: 'wide', here: 'changeEmail', body }
}

export const passkeys: Draw<PageModels['passkeys']> = ({ passkeys: all, passkey, ask }, scene) => {
  const { passkeysPage: texts } = scene.words
  const content = html`${field(scene, { name: 'name', label: texts.name, hint: texts.nameHint, autocomplete: 'off' })}<button>${texts.submit}</button>`
  const add =
    passkey === undefined
      ? html`<p class="soft">${texts.never}</p>`
      : asking(
          scene,
          ask,
          () =>
            html`${passkeyForm('register', passkey, { content, failed: texts.failed })}<p class="soft unable">${texts.unable}</p>`,
        )
  const body = html`${heading(texts.title, texts.lead)}${news(scene)}
<section class="card">${listed(
    all.map((one) => row(one, scene)),
    texts.none,
  )}</section>
<section class="card"><h2>${texts.add}</h2>${add}</section>`
  return { title: texts.title, layout: 'wide', here: 'passkeys', body, hasPasskeys: passkey !== undefined }
}

function row(one: PasskeyView, scene: Scene): Html {
  const { words, language } = scene
  const rows = [
    [words.created, date(one.createdMs, language)] as const,
    [words.lastUsed, one.lastUsedMs === undefined ? words.never : date(one.lastUsedMs, language)] as const,
  ]
  const named = words.passkeysPage.removeNamed(one.name)
  return html`<div class="grow"><h2><bdi>${one.name}</bdi></h2>${facts(rows)}</div>${act(scene, { action: one.removeAction, label: words.passkeysPage.remove, named, look: 'plain danger slim' })}`
}

export const recoveryCodes: Draw<PageModels['recoveryCodes']> = ({ left, codes, ask }, scene) => {
  const { recoveryCodesPage: texts } = scene.words
  const fresh =
    codes !== undefined &&
    html`<section class="card fields fresh" role="status"><h2>${texts.madeTitle}</h2><p class="notice warn">${texts.made}</p><ol class="codes">${codes.map((code) => html`<li class="secret code">${code}</li>`)}</ol><p><a class="button plain" href="${scene.frame.path}">${texts.done}</a></p></section>`
  const make = html`<section class="card fields"><p>${texts.left(left)}</p><p class="soft small">${texts.makeHint}</p>${asking(scene, ask, (password) => form(scene, {}, html`${password}<button>${texts.make}</button>`))}</section>`
  const body = html`${heading(texts.title, texts.lead)}${news(scene)}${codes === undefined ? make : fresh}`
  return { title: texts.title, layout: 'wide', here: 'recoveryCodes', body }
}
