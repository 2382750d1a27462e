// The WebIDs of an account, and linking one that lies elsewhere: its profile must first hold a line that only its owner can
// have written there.

import { breakable, act, date, facts, field, form, heading, listed, news } from '../elements.ts'
import { html, type Html, type Value } from '../html.ts'
import type { PageModels, WebIdView } from '../models.ts'
import type { Draw, Scene } from '../scene.ts'

export const webIds: Draw<PageModels['webIds']> = (model, scene) => {
  const { webIdsPage: texts, webId: label } = scene.words
  const hint = texts.linkHint
  const input = field(scene, {
    name: 'webId',
    label,
    hint,
    type: 'url',
    value: model.values.webId,
    autocomplete: 'url',
  })
  const body = html`${heading(texts.title, texts.lead)}${news(scene)}
<section class="card">${listed(
    model.webIds.map((one) => row(one, scene)),
    texts.none,
  )}</section>
<section class="card fields"><h2>${texts.link}</h2>${proof(model.proof, scene)}${form(scene, {}, html`${input}<button>${texts.submit}</button>`)}</section>`
  return { title: texts.title, layout: 'wide', here: 'webIds', body }
}

function row(one: WebIdView, scene: Scene): Html {
  const { words, language } = scene
  const { webIdsPage: texts } = words
  const place = html`<span class="tag${!one.isLocal && ' warn'}">${one.isLocal ? texts.here : texts.elsewhere}</span>`
  const rows = [
    [words.created, date(one.createdMs, language)] as const,
    one.credentials > 0 && (['', texts.credentials(one.credentials)] as const),
  ]
  return html`<div class="grow"><h2>${breakable(one.webId)}</h2><p>${place}</p>${facts(rows)}</div>${act(scene, { action: one.unlinkAction, label: texts.remove, named: texts.removeNamed(one.webId), look: 'plain danger slim' })}`
}

function proof(wanted: PageModels['webIds']['proof'], { words }: Scene): Value {
  if (wanted === undefined) return undefined
  const { webIdsPage: texts } = words
  return html`<div class="notice warn"><h3>${texts.proofTitle}</h3><p>${texts.proof}</p></div><div><p class="soft small">${texts.document}</p><p>${breakable(wanted.document)}</p></div><pre class="secret code">${wanted.triple}</pre>`
}
