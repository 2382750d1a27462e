// Letting an app in: which WebID it is to know, and whether it may come in at all. The page says what Solid-OIDC really
// gives an app, which is everything its user may do; it leads with the address that the answer goes to, because that is
// the one thing about an app that has been checked. Cancel is as large and as strong as Allow.

import { hostOf, markOf, nameOf } from '../client.ts'
import { act, breakable, form, heading, may, news, tick } from '../elements.ts'
import { html, type Html, type Value } from '../html.ts'
import type { PageModels } from '../models.ts'
import { podField } from '../pod-field.ts'
import type { Draw, Scene } from '../scene.ts'

type Client = PageModels['consent']['client']

export const consent: Draw<PageModels['consent']> = (model, scene) => {
  const { words } = scene
  const { consentPage: texts } = words
  const { client, webId, asksToStay } = model
  const sentences = [texts.mayKnow, texts.mayUse, ...(asksToStay ? [texts.mayStay] : [])]
  const body = html`<div class="card">${heading(texts.title)}${news(scene)}${card(client, scene)}
<div class="asked"><div class="as"><p><span class="soft small">${texts.as}</span><br><strong>${breakable(webId)}</strong></p>${act(scene, { action: model.otherWebIdAction, label: texts.change, named: texts.changeNamed, look: 'plain slim' })}</div>
<div><h2>${texts.may}</h2>${may(sentences)}<p class="hint">${texts.trust}</p></div></div>
${form(
  scene,
  {},
  html`${asksToStay && tick(scene, { name: 'remember', label: texts.remember, hint: texts.rememberHint, isOn: true })}
<div class="pair"><button class="equal" formaction="${model.cancelAction}">${words.cancel}</button><button class="equal">${texts.allow}</button></div>`,
)}</div>`
  return { title: texts.title, layout: 'narrow', body }
}

/** Name and mark are the app's word; the address is ours. */
function card(client: Client, { words }: Scene): Html {
  const { consentPage: texts } = words
  const document = client.isDocument ? hostOf(client.id) : undefined
  return html`<div class="app">${markOf(client, words, ' large')}<div><h2><bdi>${nameOf(client, words)}</bdi></h2><p class="origin">${client.redirectOrigin}</p></div></div>
<p class="hint">${placeOf(client, words.consentPage)}${document === undefined ? (client.name === undefined ? texts.byAddress : texts.unverified) : `${texts.verified} ${document}`}</p>`
}

function placeOf({ redirectOrigin }: Client, texts: Scene['words']['consentPage']): Value {
  const host = hostOf(redirectOrigin)
  if (host === undefined) return html`${texts.installed}. `
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host) && html`${texts.local}. `
}

export const chooseWebId: Draw<PageModels['chooseWebId']> = (model, scene) => {
  const { words } = scene
  const { choosePage: texts } = words
  const { client, webIds, cancelAction } = model
  // In a form of its own, so that Enter in the list means Continue.
  const cancel = html`<button class="plain" form="cancel">${words.cancel}</button>`
  const choose = html`<fieldset><legend>${texts.legend}</legend>${webIds.map((webId, index) => choice(webId, model.chosen ?? webIds[0], index))}</fieldset>
${tick(scene, { name: 'remember', label: texts.remember, isOn: true })}<div class="pair">${cancel}<button>${texts.submit}</button></div>`
  const body = html`<div class="card">${heading(texts.title, texts.lead)}${news(scene)}${card(client, scene)}
<div class="asked">${webIds.length > 0 ? form(scene, {}, choose) : withoutWebId(model, scene)}</div></div>
${webIds.length > 0 && model.createAction !== undefined && html`<details class="card"><summary>${texts.createMore}</summary>${create(model, scene)}</details>`}
${webIds.length > 0 && form(scene, { action: cancelAction, id: 'cancel' }, undefined)}<div class="after">${act(scene, { action: model.otherAccountAction, label: texts.otherAccount, look: 'quiet' })}</div>`
  return { title: texts.title, layout: 'narrow', body }
}

function choice(webId: string, chosen: string | undefined, index: number): Html {
  // The first has the name alone, so that the summary of problems leads to it.
  const id = index === 0 ? 'webId' : `webId-${index}`
  return html`<label class="choice" for="${id}"><input type="radio" id="${id}" name="webId" value="${webId}"${webId === chosen && html` checked`} required>${breakable(webId)}</label>`
}

function withoutWebId(model: PageModels['chooseWebId'], scene: Scene): Html {
  const { words } = scene
  const isFull = model.createAction === undefined
  const cancel = act(scene, { action: model.cancelAction, label: words.cancel, look: 'plain full' })
  return html`<p>${isFull ? words.choosePage.noneFull : words.choosePage.none}</p>${!isFull && create(model, scene)}${cancel}`
}

function create({ createAction, podName, podAddress }: PageModels['chooseWebId'], scene: Scene): Html {
  const { words } = scene
  const name = podField(scene, { name: 'name', label: words.podName, value: podName, address: podAddress })
  return form(
    scene,
    createAction === undefined ? {} : { action: createAction },
    html`${name}<button class="full">${words.choosePage.create}</button>`,
  )
}
