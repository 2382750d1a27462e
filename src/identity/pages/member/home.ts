// The overview of an account: a tile for each thing one has, with the way to it. What needs doing stands above: an account
// without a pod, one without recovery codes, one that is about to be deleted.

import { act, breakable, heading, news } from '../elements.ts'
import { dateText, sizeText } from '../format.ts'
import { html, type Html, type Value } from '../html.ts'
import { icon, type Icon } from '../icons.ts'
import type { MemberLinks, PageModels } from '../models.ts'
import type { Draw, Scene } from '../scene.ts'

type Home = PageModels['home']

const maxNamed = 3

export const home: Draw<Home> = (model, scene) => {
  const { words, language } = scene
  const { homePage: texts } = words
  const links = scene.frame.member?.links
  if (links === undefined) throw new TypeError('the overview is a page of a member')
  const login = [
    model.email ?? texts.noEmail,
    model.hasPassword ? texts.hasPassword : texts.noPassword,
    texts.passkeys(model.passkeys),
    texts.codes(model.recoveryCodesLeft),
  ]
  const pods = model.pods.map((pod) =>
    pod.deleteAtMs === undefined
      ? html`<a href="${pod.url}">${pod.name}</a> <span class="soft small">${sizeText(pod.bytes, language)}</span>`
      : html`${pod.name} · <span class="soft small">${words.podsPage.deleting(dateText(pod.deleteAtMs, language))}</span>`,
  )
  const body = html`${heading(texts.title, texts.lead)}${news(scene)}${urgent(model, links, scene)}
<div class="tiles">${tile(['pod', links.pods, texts.pods(model.pods.length)], pods, scene)}
${tile(['person', links.webIds, texts.webIds(model.webIds.length)], model.webIds.map(breakable), scene)}
${tile(['apps', links.apps, words.nav.apps], [html`${texts.apps(model.apps)}`], scene)}
${tile(['device', links.sessions, words.nav.sessions], [html`${texts.sessions(model.sessions)}`], scene)}
${tile(['terminal', links.credentials, words.nav.credentials], [html`${texts.credentials(model.credentials)}`], scene)}
${tile(
  ['lock', links.changePassword, texts.loginTitle],
  login.map((line) => html`<bdi>${line}</bdi>`),
  scene,
  4,
)}</div>`
  return { title: texts.title, layout: 'wide', here: 'home', body }
}

function tile(
  [name, link, title]: readonly [Icon, string, string],
  lines: readonly Html[],
  scene: Scene,
  most = maxNamed,
): Html {
  const more = lines.length - most
  const shown = lines.slice(0, most).map((line) => html`<p>${line}</p>`)
  return html`<section class="card tile"><span class="mark">${icon(name, 22)}</span><div><h2><a href="${link}">${title}</a></h2>${shown}${
    more > 0 && html`<p>${scene.words.homePage.more(more)}</p>`
  }</div></section>`
}

function urgent(model: Home, links: MemberLinks, scene: Scene): Value {
  const { homePage: texts } = scene.words
  if (model.deleteAtMs !== undefined) {
    const keep = act(scene, { action: model.cancelDeleteAction, label: texts.keep, look: 'slim' })
    return html`<div class="notice bad row spread"><p class="grow"><strong>${texts.deleting(dateText(model.deleteAtMs, scene.language))}</strong></p>${keep}</div>`
  }
  if (model.pods.length === 0) {
    return html`<section class="notice row spread"><div class="grow"><h2>${texts.firstPod}</h2><p>${texts.firstPodText}</p></div><a class="button" href="${links.pods}">${texts.firstPod}</a></section>`
  }
  if (model.recoveryCodesLeft > 0) return undefined
  return html`<div class="notice warn row spread"><p class="grow">${texts.noCodes}</p><a href="${links.recoveryCodes}">${texts.makeCodes}</a></div>`
}
