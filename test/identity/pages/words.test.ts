// The words: both languages say the same things, and the few pieces that judge what strangers wrote.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type ErrorCode, errorCodes } from '../../../src/base/error-codes.ts'
import { markOf, nameOf } from '../../../src/identity/pages/client.ts'
import { deviceOf } from '../../../src/identity/pages/device.ts'
import { dateText, sizeText, timeText } from '../../../src/identity/pages/format.ts'
import { html } from '../../../src/identity/pages/html.ts'
import type { Language } from '../../../src/identity/account/accounts.ts'
import { notices } from '../../../src/identity/pages/models.ts'
import { pagePolicy } from '../../../src/identity/pages/render.ts'
import { noticeTexts, refusal } from '../../../src/identity/pages/words/refusals.ts'
import { words } from '../../../src/identity/pages/words/words.ts'
import { frameOf, modelsOf, plainNames, tinyLogo } from './examples.ts'

/** Every key with its text; functions are called with a count and with a name. */
function leaves(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value === 'function')
    return [0, 1, 7].map((count) => [`${path}(${count})`, String(value(count, count))] as const)
  return Object.entries(value as object).flatMap(([key, one]) => leaves(one, `${path}.${key}`))
}

test('every key is there in both languages, says something, and is translated', () => {
  const [en, zh] = [leaves(words.en), leaves(words.zh)]
  assert.deepEqual(
    en.map(([key]) => key),
    zh.map(([key]) => key),
  )
  for (const [key, text] of [...en, ...zh]) assert.ok(text.trim() !== '', key)
  const same = new Set(['.brand', '.webId', '.nav.pods', '.nav.webIds', '.podsPage.title', '.webIdsPage.title'])
  for (const [key, text] of zh) {
    if (!same.has(key)) assert.match(text, /[\u4e00-\u9fff]/, `${key}: ${text}`)
  }
  for (const [key, text] of en) assert.doesNotMatch(text, /[\u3000-\u9fff\uff00-\uffef]/, key)
})

test('every code of the error table has a sentence in each language, in that language', () => {
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    assert.match(refusal({ code }, 'en'), /^[^\u4e00-\u9fff]{10,}$/, code)
    assert.match(refusal({ code }, 'zh'), /[\u4e00-\u9fff]/, code)
  }
})

test('waiting is told in whole minutes', () => {
  assert.match(refusal({ code: 'TOO_MANY_ATTEMPTS', retryAfterS: 61 }, 'en'), /in 2 minutes/)
  assert.match(refusal({ code: 'TOO_MANY_ATTEMPTS', retryAfterS: 5 }, 'en'), /in a minute/)
})

test('every notice is there in both languages', () => {
  for (const language of ['en', 'zh'] as const) {
    for (const notice of notices) assert.ok(noticeTexts[language][notice].length > 3)
  }
})

test('markup is escaped unless html itself made it', () => {
  assert.equal(
    html`<p>${'<b>'}${html`<i>${'"\'&'}</i>`}${[1, undefined, false, 'x']}</p>`.text,
    '<p>&lt;b&gt;<i>&quot;&#39;&amp;</i>1x</p>',
  )
  assert.throws(() => html`${{ text: '<b>' } as never}`)
})

test('dates and sizes are written as each language does', () => {
  const ms = Date.UTC(2026, 10, 22, 20, 15)
  assert.equal(dateText(ms, 'en'), 'Nov 22, 2026')
  assert.equal(dateText(ms, 'zh'), '2026年11月22日')
  assert.equal(timeText(ms, 'en'), 'Nov 22, 2026, 20:15 UTC')
  const sizes: readonly (readonly [number, Language, string])[] = [
    [0, 'en', '0 bytes'],
    [999, 'en', '999 bytes'],
    [1000, 'en', '1 kB'],
    [734_003_200, 'en', '734 MB'],
    [5e15, 'en', '5,000 TB'],
    [1, 'zh', '1字节'],
  ]
  for (const [bytes, language, text] of sizes) assert.equal(sizeText(bytes, language), text)
})

test('a browser that pretends to be another is named by its own name', () => {
  const chrome =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36'
  assert.deepEqual(deviceOf(chrome), { browser: 'Chrome', system: 'Windows' })
  assert.deepEqual(deviceOf(`${chrome} Edg/150.0`), { browser: 'Edge', system: 'Windows' })
  const headless = chrome.replace('Chrome/', 'HeadlessChrome/')
  assert.deepEqual(deviceOf(headless), { browser: 'Chrome', system: 'Windows' })
  assert.equal(deviceOf('curl/8'), undefined)
})

const nobody = { id: 'x', name: undefined, logoUri: undefined, uri: undefined, isDocument: false }

test("an app's name cannot fill the page, turn its text around or be empty", () => {
  const named = (name: string): string => nameOf({ ...nobody, name }, words.en)
  assert.equal(named('  A\n\u202eB\u0000  C '), 'A B C')
  assert.equal(named('x'.repeat(5000)).length, 81)
  assert.ok(named('😀'.repeat(500)).isWellFormed())
  assert.equal(named(`a${'\u0301'.repeat(50)}b`), 'a\u0301\u0301b')
  assert.equal(named('\u202e'), words.en.consentPage.unnamed)
  assert.equal(nameOf({ ...nobody, uri: 'https://app.example/x' }, words.en), 'app.example')
})

test('a logo is drawn only when it is a small raster image inside the registration itself', () => {
  const shows = (logoUri: string): boolean => markOf({ ...nobody, logoUri }, words.en).text.includes('<img')
  assert.equal(shows(tinyLogo), true)
  assert.equal(shows('https://app.example/logo.png'), false)
  assert.equal(shows('data:image/svg+xml;base64,PHN2Zz4='), false)
  assert.equal(shows(`data:image/png;base64,${'A'.repeat(70_000)}`), false)
  assert.equal(shows(`${tinyLogo}" onload="x`), false)
})

test("the policy lets a form's redirects go to the app, and takes nothing else from its registration", () => {
  const { consent, home } = modelsOf(plainNames)
  const policy = (redirectOrigin: string): string =>
    pagePolicy('consent', { ...consent, client: { ...consent.client, redirectOrigin } }, frameOf('en'))
  assert.match(policy('https://app.example:8443'), /form-action 'self' https:\/\/app\.example:8443;/)
  assert.match(policy('http://[::1]:5173'), /form-action 'self' http:\/\/\[::1\]:5173;/)
  assert.match(policy('com.example.app:'), /form-action 'self' com\.example\.app:;/)
  for (const wrong of ['https://a.example; script-src *', "'unsafe-inline'", '*', 'https://a.example/path', 'a b:']) {
    assert.match(policy(wrong), /form-action 'self';/, wrong)
  }
  assert.match(pagePolicy('home', home, frameOf('en')), /form-action 'self';/)
})
