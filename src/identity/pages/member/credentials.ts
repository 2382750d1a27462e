// Client credentials: a pair of id and secret with which a program logs in as one WebID. The secret is shown once, on the
// page that answers its making, and is in no other page.

import { breakable, act, date, facts, field, form, heading, listed, news, select, time } from '../elements.ts'
import { html, type Html, type Value } from '../html.ts'
import type { CredentialView, PageModels } from '../models.ts'
import type { Draw, Scene } from '../scene.ts'

export const credentials: Draw<PageModels['credentials']> = (model, scene) => {
  const { credentialsPage: texts } = scene.words
  const body = html`${heading(texts.title, texts.lead)}${news(scene)}${created(model, scene)}
<section class="card">${listed(
    model.credentials.map((one) => row(one, scene)),
    texts.none,
  )}</section>
<section class="card"><h2>${texts.create}</h2>${model.webIds.length > 0 ? create(model, scene) : html`<p class="soft">${texts.needWebId}</p>`}</section>`
  return { title: texts.title, layout: 'wide', here: 'credentials', body }
}

function created({ created: made, tokenEndpoint }: PageModels['credentials'], { words }: Scene): Value {
  if (made === undefined) return undefined
  const { credentialsPage: texts } = words
  const shown = (name: string, value: string): Html =>
    html`<div><dt class="soft small">${name}</dt><dd class="secret code">${value}</dd></div>`
  return html`<section class="card fields fresh" role="status"><h2>${texts.createdTitle(made.name)}</h2><p class="notice warn">${texts.createdText}</p><dl class="fields">${shown(texts.id, made.id)}${shown(texts.secret, made.secret)}${shown(texts.tokenEndpoint, tokenEndpoint)}</dl></section>`
}

function row(one: CredentialView, scene: Scene): Html {
  const { words, language } = scene
  const { credentialsPage: texts } = words
  const rows = [
    [words.as, breakable(one.webId)] as const,
    [words.lastUsed, one.lastUsedMs === undefined ? words.never : time(one.lastUsedMs, language)] as const,
    [words.created, date(one.createdMs, language)] as const,
    [words.expires, one.expiresMs === undefined ? words.noEnd : date(one.expiresMs, language)] as const,
  ]
  return html`<div class="grow"><h2><bdi>${one.name}</bdi></h2><p class="small code">${one.id}</p>${facts(rows)}</div>${act(scene, { action: one.deleteAction, label: texts.remove, named: texts.removeNamed(one.name), look: 'plain danger slim' })}`
}

function create({ values, webIds, expiryDays }: PageModels['credentials'], scene: Scene): Html {
  const { words } = scene
  const { credentialsPage: texts } = words
  const ids = webIds.map((webId) => ({ value: webId, label: webId }))
  const spans = expiryDays.map((days) => ({ value: String(days), label: texts.days(days) }))
  return form(
    scene,
    {},
    html`${field(scene, { name: 'name', label: texts.name, hint: texts.nameHint, value: values.name, autocomplete: 'off' })}
${select(scene, { name: 'webId', label: words.webId, hint: undefined, value: values.webId, options: ids })}
${select(scene, { name: 'expires', label: texts.valid, hint: undefined, value: values.expires, options: [{ value: '', label: texts.forever }, ...spans] })}
<button>${texts.submit}</button>`,
  )
}
