// The pods of an account: how full they are, making one, deleting one. Deleting asks for the name again and for who it is.

import { act, asking, breakable, date, facts, field, form, heading, listed, news, select } from '../elements.ts'
import { dateText, numberText, sizeText } from '../format.ts'
import { html, type Html } from '../html.ts'
import type { PageModels, PodView } from '../models.ts'
import { podField } from '../pod-field.ts'
import type { Draw, Scene } from '../scene.ts'

export const pods: Draw<PageModels['pods']> = (model, scene) => {
  const { podsPage: texts } = scene.words
  const body = html`${heading(texts.title, texts.lead)}${news(scene)}
<section class="card">${listed(
    model.pods.map((pod) => row(pod, scene)),
    texts.none,
  )}</section>
${model.pods.length < model.maxPods ? html`<section class="card"><h2>${texts.create}</h2>${create(model, scene)}</section>` : html`<p class="soft">${texts.full(model.maxPods)}</p>`}`
  return { title: texts.title, layout: 'wide', here: 'pods', body }
}

function row(pod: PodView, scene: Scene): Html {
  const { words, language } = scene
  const { podsPage: texts } = words
  const used = texts.used(sizeText(pod.bytes, language), sizeText(pod.quotaBytes, language))
  return html`<div class="grow fill"><h2>${title(pod, scene)}</h2><p class="soft small">${breakable(pod.url)}</p>
<meter class="meter" min="0" max="${pod.quotaBytes}" high="${pod.quotaBytes * 0.9}" optimum="0" value="${pod.bytes}" aria-label="${texts.usage(pod.name)}">${used}</meter>
<p class="soft small">${used} · ${texts.resources(numberText(pod.resources, language))}</p>
${facts([
  [texts.owners, html`${pod.owners.map((owner) => html`${breakable(owner)} `)}`],
  [words.created, date(pod.createdMs, language)],
])}</div>
${ending(pod, scene)}`
}

/** Behind the address of a deleted one there is nothing any more. */
function title({ name, url, deleteAtMs }: PodView, { words, language }: Scene): Html {
  if (deleteAtMs === undefined) return html`<a href="${url}"><bdi>${name}</bdi></a>`
  return html`<bdi>${name}</bdi> <span class="tag bad">${words.podsPage.deleting(dateText(deleteAtMs, language))}</span>`
}

/** The way to delete it, or to take that back. */
function ending(pod: PodView, scene: Scene): Html {
  const { podsPage: texts } = scene.words
  if (pod.deleteAtMs !== undefined) {
    return act(scene, { action: pod.keepAction, label: texts.keep, named: texts.keepNamed(pod.name), look: 'slim' })
  }
  return html`<a class="button plain danger slim" href="${pod.deleteLink}" aria-label="${texts.removeNamed(pod.name)}">${texts.remove}</a>`
}

function create({ values, podAddress, webIds }: PageModels['pods'], scene: Scene): Html {
  const { podsPage: texts } = scene.words
  const owners = [{ value: '', label: texts.ownWebId }, ...webIds.map((webId) => ({ value: webId, label: webId }))]
  const owner = select(scene, {
    name: 'webId',
    label: texts.owner,
    hint: texts.ownerHint,
    value: values.webId,
    options: owners,
  })
  return form(
    scene,
    {},
    html`${podField(scene, { name: 'name', label: texts.name, value: values.name, address: podAddress })}
${webIds.length > 0 && owner}<button>${texts.submit}</button>`,
  )
}

export const deletePod: Draw<PageModels['deletePod']> = ({ pod, values, ask }, scene) => {
  const { words, language } = scene
  const { deletePodPage: texts } = words
  const title = texts.title(pod.name)
  const size = `${sizeText(pod.bytes, language)} · ${words.podsPage.resources(numberText(pod.resources, language))}`
  const cancel = html`<a class="button plain" href="${scene.frame.member?.links.pods ?? ''}">${words.cancel}</a>`
  const body = html`${heading(title, texts.lead)}${news(scene)}
<section class="card fields"><div><h2><bdi>${pod.name}</bdi></h2><p class="soft small">${breakable(pod.url)}</p><p class="soft small">${size}</p></div><p>${texts.after}</p>
${asking(scene, ask, (password) => form(scene, {}, html`${field(scene, { name: 'name', label: texts.confirm(pod.name), value: values.name, autocomplete: 'off', isVerbatim: true })}${password}<div class="row">${cancel}<button class="danger">${texts.submit}</button></div>`))}</section>`
  return { title, layout: 'wide', here: 'pods', body }
}
