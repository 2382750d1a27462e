// A Solid app on an origin of its own: a page with @inrupt/solid-client-authn-browser, and the document that describes it as
// a client. app-page.js is the page's script; the methods here use the page as a person would.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'
import type { Page } from 'playwright-core'

export interface App extends AsyncDisposable {
  readonly url: string
  readonly origin: string
  /** URL of the document that says who the app is. */
  readonly clientId: string
}

const markup = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Test app</title>
<body data-state="starting">
<form id="login"><input name="issuer"><input name="client"><button>Log in</button></form>
<button id="logout">Log out of the app</button><button id="leave">Log out everywhere</button>
<form id="ask"><input name="method"><input name="url"><input name="body"><button>Send</button></form>
<p id="webid"></p><pre id="answer"></pre><p id="error"></p><script src="app.js"></script></body></html>`

export async function startApp(): Promise<App> {
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL('app-page.js', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    logLevel: 'silent',
  })
  const script = bundle.outputFiles[0]!.contents
  let url = ''
  const files: Readonly<Record<string, () => readonly [string, string | Uint8Array]>> = {
    '/': () => ['text/html', markup],
    '/app.js': () => ['text/javascript', script],
    '/id': () => ['application/ld+json', JSON.stringify(describe(url))],
  }
  const server = createServer((request, response) => {
    const file = files[new URL(request.url ?? '/', 'http://localhost').pathname]
    if (file === undefined) {
      response.writeHead(404).end()
      return
    }
    const [type, body] = file()
    response.writeHead(200, { 'content-type': type }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  url = `${origin}/`
  return {
    url,
    origin,
    clientId: `${origin}/id`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function describe(url: string): object {
  return {
    '@context': ['https://www.w3.org/ns/solid/oidc-context.jsonld'],
    client_id: `${url}id`,
    client_name: 'A described app',
    redirect_uris: [url],
    post_logout_redirect_uris: [url],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid webid offline_access',
    token_endpoint_auth_method: 'none',
  }
}

/** Fills in the log-in form of the app and sends it: the page then goes to the provider. */
export async function startLogin(
  page: Page,
  { issuer, clientId = '' }: { issuer: string; clientId?: string },
): Promise<void> {
  await settled(page)
  await page.fill('#login [name=issuer]', issuer)
  await page.fill('#login [name=client]', clientId)
  await page.click('#login button')
}

/** The state of the app once it has one: `in`, `out` or `failed`. */
export async function settled(page: Page): Promise<string> {
  const body = await page.waitForSelector('body[data-state]:not([data-state=starting])')
  return (await body.getAttribute('data-state'))!
}

export interface AppAnswer {
  readonly status: number
  readonly text: string
}

/** What the app gets when it asks for a URL. Status 0: no answer that it may see. */
export async function askInApp(page: Page, url: string, method = 'GET', body = ''): Promise<AppAnswer> {
  for (const [name, value] of Object.entries({ method, url, body })) await page.fill(`#ask [name=${name}]`, value)
  await page.click('#ask button')
  const answer = await page.waitForSelector('#answer:not(:empty)')
  const text = (await answer.textContent()) ?? ''
  const status = /^(\d{3}) /.exec(text)?.[1]
  return { status: Number(status ?? 0), text: text.slice(4) }
}
