// Client ID Documents as a weapon (rule 12): ids that point inside the network, redirect inside, are huge, never end, or lie.
// The center here has a public base URL, so loopback is as closed to it as any internal address.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'

import { freePort } from '../../support/free-port.ts'
import { begin, redirectUri } from './stage/app.ts'
import { type Answer, Browser } from './stage/browser.ts'
import { openStage } from './stage/stage.ts'

const asked: string[] = []
const context = 'https://www.w3.org/ns/solid/oidc-context.jsonld'

/** Answers as the path says. */
const answers: Readonly<Record<string, RequestListener>> = {
  '/good': (request, response) => json(response, { client_id: own(request.url!) }),
  '/liar': (_, response) => json(response, { client_id: 'https://app.example/other' }),
  '/other-redirect': (request, response) =>
    json(response, { client_id: own(request.url!), redirect_uris: ['https://other.example/'] }),
  '/no-context': (request, response) => json(response, { client_id: own(request.url!), '@context': [] }),
  '/huge': (request, response) => json(response, { client_id: own(request.url!), client_name: 'x'.repeat(1 << 20) }),
  '/slow': (_, response) => void response.write('{'),
  '/text': (_, response) => void response.end('<html>'),
  '/away': (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
  '/round': (_, response) => void response.writeHead(302, { location: '/round' }).end(),
  '/missing': (_, response) => void response.writeHead(404).end(),
}
const server = createServer((request, response) => {
  asked.push(request.url!)
  answers[request.url!]?.(request, response)
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const own = (path: string): string => `http://localhost:${port}${path}`

function json(response: Parameters<RequestListener>[1], document: object): void {
  const whole = { '@context': [context], redirect_uris: [redirectUri], ...document }
  response.writeHead(200, { 'content-type': 'application/ld+json' }).end(JSON.stringify(whole))
}

const local = await openStage()
const listening = await freePort()
const outside = await openStage({ baseUrl: 'https://pods.example/', listen: { host: '127.0.0.1', port: listening } })
after(async () => {
  await local[Symbol.asyncDispose]()
  await outside[Symbol.asyncDispose]()
  server.closeAllConnections()
  server.close()
})

function authorize(browser: Browser, id: string): Promise<Answer> {
  return browser.page(begin({ id, redirectUri }).url)
}

/** A page that tells nothing of what was found there, and no redirect to the app. */
function assertPage({ status, headers, text }: Answer): void {
  assert.ok(status >= 400 && status < 500, `${status}`)
  assert.equal(headers.location, undefined)
  assert.doesNotMatch(text, /ECONNREFUSED|ENOTFOUND|ETIMEDOUT|169\.254/)
}

describe('where loopback is open, a document', () => {
  test('that is right begins a login', async () => {
    const answer = await authorize(local.browser(), own('/good'))
    assert.equal(answer.status, 303)
    assert.match(answer.headers.location!, /\/\.account\//)
  })
  for (const path of Object.keys(answers).filter((one) => one !== '/good')) {
    test(`at ${path} begins none`, { timeout: 15_000 }, async () => {
      const startMs = performance.now()
      assertPage(await authorize(local.browser(), own(path)))
      assert.ok(performance.now() - startMs < 8000)
    })
  }

  test('with a fragment, userinfo or no host begins none', async () => {
    for (const id of [`${own('/good')}#x`, own('/good').replace('//', '//user@'), 'http://', 'https:///good']) {
      assertPage(await authorize(local.browser(), id))
    }
  })

  test('that is asked for twenty times at once is fetched once', async () => {
    const before = asked.length
    await Promise.all(Array.from({ length: 20 }, () => authorize(local.browser(), own('/missing'))))
    assert.ok(asked.length - before <= 1, `${asked.length - before} fetches`)
  })
})

describe('where the base URL is public, nothing inside the network is asked', () => {
  let browser: Browser
  before(() => {
    browser = new Browser(outside.baseUrl, listening)
  })
  const hosts = [
    'localhost',
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
  ]
  for (const host of hosts) {
    test(`as ${host}`, async () => {
      const before = asked.length
      assertPage(await authorize(browser, `http://${host}:${port}/good`))
      assert.equal(asked.length, before)
    })
  }
  for (const host of ['169.254.169.254', '10.0.0.1', '192.168.1.1', '[fd00::1]', '100.64.0.1']) {
    test(`as ${host}, and at once`, async () => {
      const startMs = performance.now()
      assertPage(await authorize(browser, `http://${host}/`))
      assert.ok(performance.now() - startMs < 2500)
    })
  }
})
