// mashlib, the databrowser of SolidOS, on an origin of its own in a real Chromium: a public folder that it shows is shown anew
// when somebody else writes, by the solid-0.1 socket (--legacy-updates). It is large, so it lies in a folder of its own, which
// `npm ci --prefix test/clients/mashlib` fills; without it these tests are skipped.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, extname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import type { Browser, Page } from 'playwright-core'

import { lacksChromium, launchChromium } from '../support/chromium.ts'
import { lacks } from '../support/needs.ts'
import { must } from '../support/solid-client.ts'
import { protect } from '../support/solid-client-acl.ts'
import { openWorld, type World } from '../support/solid-client-world.ts'
import { until } from '../support/until.ts'

const folder = fileURLToPath(new URL('mashlib/node_modules/mashlib/dist/', import.meta.url))
const skip = lacks('mashlib', existsSync(folder)) || lacksChromium()

let world: World
let browser: Browser
let site: Site
before(async () => {
  if (skip !== false) return
  ;[world, browser, site] = await Promise.all([openWorld({ legacyUpdates: true }), launchChromium(), serveMashlib()])
})
after(async () => {
  await browser?.close()
  await site?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

interface Site extends AsyncDisposable {
  readonly origin: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.png': 'image/png',
}

/** The files of the package as they are. */
async function serveMashlib(): Promise<Site> {
  const server = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '/', 'http://localhost').pathname)
    readFile(join(folder, name)).then(
      (bytes) => response.writeHead(200, { 'content-type': types[extname(name)] ?? 'text/plain' }).end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A page of mashlib that shows `subject`, and the messages that its sockets have got. */
async function show(subject: string): Promise<{ page: Page; heard: string[] }> {
  const page = await browser.newPage()
  page.setDefaultTimeout(30_000)
  // Its icons lie elsewhere.
  await page.route(
    ({ hostname }) => hostname !== 'localhost',
    (route) => route.abort(),
  )
  const heard: string[] = []
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push(String(payload))))
  await page.goto(`${site.origin}/browse.html?uri=${encodeURIComponent(subject)}`)
  // Gone when the page is loaded again.
  await page.evaluate('window.isTheSame = true')
  return { page, heard }
}

async function publicContainer(): Promise<string> {
  const container = world.fresh()
  await world.alice.makeContainer(container)
  await protect(world.alice, container, { who: 'public', modes: 'R' })
  return container
}

test('a folder that is shown follows what others put there and take away', { skip }, async () => {
  const { alice } = world
  const container = await publicContainer()
  await alice.store(`${container}first.txt`, '1', 'text/plain')
  const { page, heard } = await show(container)
  const entries = page.locator('#OutlineView .folderPaneMainTable')
  await entries.getByText('first.txt').waitFor()
  await until('the page listens', () => heard.includes(`ack ${container}`))
  await alice.store(`${container}second.txt`, '2', 'text/plain')
  await entries.getByText('second.txt').waitFor()
  must(await alice.delete(`${container}first.txt`))
  await entries.getByText('first.txt').waitFor({ state: 'detached' })
  assert.equal(await page.evaluate('window.isTheSame'), true)
  await page.close()
})

test('a chat that is shown gets what others say', { skip }, async () => {
  const { alice } = world
  const url = `${await publicContainer()}chat.ttl`
  await alice.store(url, chatOf('Hello?'))
  const { page, heard } = await show(`${url}#this`)
  const chat = page.locator('#OutlineView')
  await chat.getByText('Hello?').waitFor()
  await until('the page listens', () => heard.includes(`ack ${url}`))
  await alice.store(url, chatOf('Hello?', 'Here I am.'))
  await chat.getByText('Here I am.').waitFor()
  assert.equal(await page.evaluate('window.isTheSame'), true)
  await page.close()
})

function chatOf(...texts: readonly string[]): string {
  const messages = texts.map(
    (text, index) => `<#this> wf:message <#m${index}>.
<#m${index}> sioc:content "${text}"; dct:created "2026-01-0${index + 1}T00:00:00Z"^^xsd:dateTime; foaf:maker <#somebody>.`,
  )
  return `@prefix dc: <http://purl.org/dc/elements/1.1/>. @prefix dct: <http://purl.org/dc/terms/>.
@prefix foaf: <http://xmlns.com/foaf/0.1/>. @prefix meeting: <http://www.w3.org/ns/pim/meeting#>.
@prefix sioc: <http://rdfs.org/sioc/ns#>. @prefix wf: <http://www.w3.org/2005/01/wf/flow#>.
@prefix xsd: <http://www.w3.org/2001/XMLSchema#>.
<#this> a meeting:Chat; dc:title "A chat".
${messages.join('\n')}`
}
