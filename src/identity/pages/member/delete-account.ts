// Closing an account: what goes with it, how long one may change one's mind, and who asks.

import { breakable, asking, form, heading, news, tick } from '../elements.ts'
import { sizeText } from '../format.ts'
import { html } from '../html.ts'
import type { PageModels } from '../models.ts'
import type { Draw } from '../scene.ts'

export const deleteAccount: Draw<PageModels['deleteAccount']> = (model, scene) => {
  const { words, language } = scene
  const { deleteAccountPage: texts } = words
  const pods = model.pods.map(
    (pod) =>
      html`<li><span class="grow"><bdi>${pod.name}</bdi> <span class="soft small">${pod.url}</span></span><span class="soft small">${sizeText(pod.bytes, language)}</span></li>`,
  )
  const webIds = model.webIds.map((webId) => html`<li>${breakable(webId)}</li>`)
  const cancel = html`<a class="button plain" href="${scene.frame.member?.links.home ?? ''}">${words.cancel}</a>`
  const body = html`${heading(texts.title, texts.lead)}${news(scene)}<section class="card fields">
${pods.length > 0 && html`<div><h2>${texts.pods}</h2><ul class="list">${pods}</ul></div>`}${webIds.length > 0 && html`<div><h2>${texts.webIds}</h2><ul class="list">${webIds}</ul></div>`}
<p class="notice warn">${texts.grace(model.graceDays)}</p>
${asking(scene, model.ask, (password) => form(scene, {}, html`${password}${tick(scene, { name: 'sure', label: texts.sure, isNeeded: true })}<div class="row">${cancel}<button class="danger">${texts.submit}</button></div>`))}</section>`
  return { title: texts.title, layout: 'wide', here: 'deleteAccount', body }
}
