// The app that a log-in is for, in one line: shown on the way to it, long before consent, so that nobody types a password
// without knowing why.

import { markOf, nameOf } from '../client.ts'
import { html, type Value } from '../html.ts'
import type { PageModels } from '../models.ts'
import type { Scene } from '../scene.ts'

export function towards(client: PageModels['logIn']['client'], { words }: Scene): Value {
  if (client === undefined) return undefined
  return html`<div class="app towards">${markOf(client, words)}<p><span class="soft small">${words.logInPage.toApp}</span><br><strong><bdi>${nameOf(client, words)}</bdi></strong> <span class="soft small">${client.redirectOrigin}</span></p></div>`
}
