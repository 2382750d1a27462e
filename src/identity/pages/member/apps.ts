// Who may come in, and from where one is logged in: apps and devices, each with the button that ends it.

import { nameOf, markOf, hostOf } from '../client.ts'
import { deviceOf } from '../device.ts'
import { breakable, act, date, facts, heading, listed, news, time } from '../elements.ts'
import { html, type Html } from '../html.ts'
import type { AppView, PageModels, SessionView } from '../models.ts'
import type { Draw, Scene } from '../scene.ts'

export const apps: Draw<PageModels['apps']> = (model, scene) => {
  const { appsPage: texts } = scene.words
  const body = html`${heading(texts.title, texts.lead)}${news(scene)}
<section class="card">${listed(
    model.apps.map((app) => appRow(app, scene)),
    texts.none,
  )}</section>
${model.apps.length > 0 && html`<p class="soft small">${texts.after}</p>`}`
  return { title: texts.title, layout: 'wide', here: 'apps', body }
}

function appRow(app: AppView, scene: Scene): Html {
  const { words, language } = scene
  const { appsPage: texts } = words
  const name = nameOf(app.client, words)
  const host = hostOf(app.client.uri ?? app.client.id)
  const rows = [
    [words.as, html`${app.webIds.map((webId) => html`${breakable(webId)} `)}`] as const,
    [words.since, date(app.createdMs, language)] as const,
  ]
  return html`${markOf(app.client, words)}<div class="grow"><h2><bdi>${name}</bdi></h2>${host !== undefined && host !== name && html`<p class="small">${host}</p>`}${facts(rows)}${
    app.isOffline && html`<p><span class="tag">${texts.stays}</span></p>`
  }</div>${act(scene, { action: app.revokeAction, label: texts.remove, named: texts.removeNamed(name), look: 'plain danger slim' })}`
}

export const sessions: Draw<PageModels['sessions']> = ({ sessions: all, endOthersAction }, scene) => {
  const { sessionsPage: texts } = scene.words
  const others = html`<div class="row spread"><p class="soft small grow">${texts.endOthersHint}</p>${act(scene, { action: endOthersAction, label: texts.endOthers, look: 'plain' })}</div>`
  const body = html`${heading(texts.title, texts.lead)}${news(scene)}
<section class="card"><ul class="list">${all.map((session) => html`<li>${sessionRow(session, scene)}</li>`)}</ul></section>${all.length > 1 && others}`
  return { title: texts.title, layout: 'wide', here: 'sessions', body }
}

function sessionRow(session: SessionView, scene: Scene): Html {
  const { words, language } = scene
  const { sessionsPage: texts } = words
  const device = deviceOf(session.userAgent)
  const name = device === undefined ? texts.unknown : texts.on(device.browser, device.system)
  const rows = [
    [texts.address, html`<bdi>${session.address}</bdi>`] as const,
    [texts.lastSeen, time(session.lastSeenMs, language)] as const,
    [words.since, date(session.createdMs, language)] as const,
  ]
  return html`<div class="grow"><h2><bdi>${name}</bdi> ${session.isCurrent && html`<span class="tag good">${texts.current}</span>`}</h2>${facts(rows)}</div>${
    !session.isCurrent &&
    act(scene, { action: session.endAction, label: texts.end, named: texts.endNamed(name), look: 'plain slim' })
  }`
}
