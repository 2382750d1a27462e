// The base URL in a browser: what this server is, and the way in. It names no pod and no account: who is here is not the
// public's to know.

import { icon } from '../icons.ts'
import { html, type Value } from '../html.ts'
import type { PageModels } from '../models.ts'
import type { Draw, Scene } from '../scene.ts'

export const front: Draw<PageModels['front']> = ({ registration }, scene) => {
  const { words, frame } = scene
  const { front: texts } = words
  const tiles = [
    ['pod', texts.yours, texts.yoursText],
    ['apps', texts.apps, texts.appsText],
    ['shield', texts.control, texts.controlText],
  ] as const
  return {
    title: texts.title,
    layout: 'front',
    body: html`<h1>${texts.title}</h1><p class="lead">${texts.lead}</p>
${wayIn(registration, scene)}
<div class="three">${tiles.map(([name, title, text]) => html`<section class="card">${icon(name, 28)}<h2>${title}</h2><p>${text}</p></section>`)}</div>
<section class="developers"><h2>${texts.developers}</h2><dl class="facts"><div><dt>${texts.issuer}</dt><dd><code>${frame.baseUrl}</code></dd></div><div><dt>${texts.api}</dt><dd><code>${frame.baseUrl}.account/</code></dd></div></dl><p><a href="https://solidproject.org/">${texts.about}</a></p></section>`,
  }
}

function wayIn(registration: PageModels['front']['registration'], { words, frame }: Scene): Value {
  if (frame.member !== undefined) {
    return html`<p class="row"><a class="button" href="${frame.member.links.home}">${words.goHome}</a></p>`
  }
  const logIn = html`<a class="button${registration !== 'closed' && ' plain'}" href="${frame.links.logIn}">${words.logIn}</a>`
  if (registration === 'closed') return html`<p class="row">${logIn}</p><p class="soft below">${words.front.closed}</p>`
  return html`<p class="row"><a class="button" href="${frame.links.signUp}">${words.signUp}</a>${logIn}</p>${
    registration === 'invite' && html`<p class="soft below">${words.front.invite}</p>`
  }`
}
