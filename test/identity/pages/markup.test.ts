// What must hold of the markup of every page, in both languages: nothing of a stranger becomes markup, nothing runs that
// the policy does not name, every form is protected, nothing comes from outside, and pages stay small.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

import type { Language } from '../../../src/identity/account/accounts.ts'
import type { Page } from '../../../src/identity/pages/models.ts'
import { type Example, frameOf, longNames, ordinary, plainNames, states } from './examples.ts'
import { policyOf, textOf } from './shown.ts'

const languages: readonly Language[] = ['en', 'zh']
const examples: readonly Example[] = [...ordinary(plainNames), ...states(plainNames)]

function each(check: (text: string, example: Example, language: Language) => void): void {
  for (const language of languages) {
    for (const example of examples) check(textOf(example.page, frameOf(language, example.frame)), example, language)
  }
}

const hostile = `"'><img src=x onerror=alert(1)><script>alert(1)</script><!--`

/** The same value with every text in it hostile. */
function poisoned<T>(value: T): T {
  if (typeof value === 'string') return `${value}${hostile}` as T
  if (Array.isArray(value)) return value.map(poisoned) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, choices.has(name) ? one : poisoned(one)]),
  ) as T
}

/** Fields that are ours and one of a few words. */
const choices = new Set(['registration', 'code', 'by', 'language', 'notice', 'baseUrl'])

test('no text of a stranger becomes markup, on any page', () => {
  for (const { title, page, frame } of examples) {
    const model = { name: page.name, model: poisoned(page.model) } as Page
    const given = poisoned(frameOf('en', frame))
    const text = textOf(model, { ...given, problems: frameOf('en', frame).problems, notice: frame.notice })
    assert.doesNotMatch(text, /<img src=x|<script>alert|<!--/, title)
    assert.doesNotMatch(text, /"'>/, title)
  }
})

test('the language switch of every page leads to the same page in both languages', () => {
  each((text, { title }) => {
    assert.match(text, /href="\/\.account\/login\/password\/\?lang=en" lang="en"/, title)
    assert.match(text, /href="\/\.account\/login\/password\/\?lang=zh" lang="zh-Hans"/, title)
  })
  const text = textOf(examples[0]!.page, { ...frameOf('en'), path: '/reset/?rid=1' })
  assert.match(text, /href="\/reset\/\?rid=1&amp;lang=zh"/)
})

test('a page says which language it is in', () => {
  each((text, { title }, language) =>
    assert.match(text, language === 'en' ? /<html lang="en">/ : /<html lang="zh-Hans">/, title),
  )
})

test('every form that acts carries the CSRF token', () => {
  let count = 0
  each((text, { title, page }) => {
    for (const [form] of text.matchAll(/<form\b[\s\S]*?<\/form>/g)) {
      assert.match(form, /method="post"/, title)
      // Passkeys post JSON, which other origins cannot; the log-out question carries the provider's own token.
      if (form.includes('data-passkey=') || (page.name === 'logOut' && form.includes('name="xsrf"'))) continue
      assert.match(form, /<input type="hidden" name="csrf" value="k3yT0kenOfTheForm">/, title)
      count += 1
    }
  })
  assert.ok(count > 100)
})

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

test('the policy names the hash of every style and script in the page, and nothing else may run', () => {
  each((text, { title, page, frame }, language) => {
    const policy = policyOf(page, frameOf(language, frame))
    const styles = [...text.matchAll(/<style>([\s\S]*?)<\/style>/g)].map((match) => hashOf(match[1]!))
    const scripts = [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => hashOf(match[1]!))
    assert.ok(policy.startsWith("default-src 'none'; "), title)
    assert.deepEqual(policy.match(/style-src ([^;]+)/)?.[1]?.split(' '), styles, title)
    assert.deepEqual(policy.match(/script-src ([^;]+)/)?.[1]?.split(' ') ?? [], scripts, title)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /unsafe|\*/)
    assert.doesNotMatch(text, /<[^>]+\s(?:style|on\w+)=/, title)
  })
})

test('only pages with passkeys have a script', () => {
  each((text, { title, page }) => {
    const offers = 'passkey' in page.model && page.model.passkey !== undefined
    assert.equal(text.includes('<script'), offers, title)
  })
})

test('no page asks for anything from outside', () => {
  each((text, { title }) => {
    for (const [, address] of text.matchAll(
      /<(?:img|link|script|iframe|source|input)\b[^>]*\s(?:src|href)="([^"]*)"/g,
    )) {
      assert.match(address!, /^data:image\//, title)
    }
    assert.doesNotMatch(text, /@import|url\(/, title)
  })
})

test('the log-in page is at most 30 kB before compression, and no page is over 40 kB', () => {
  each((text, { title, page }) => {
    const size = Buffer.byteLength(text)
    assert.ok(size <= (page.name === 'logIn' ? 30_000 : 40_000), `${title}: ${size}`)
    assert.ok(gzipSync(text).length <= 12_000, `${title}: ${gzipSync(text).length} compressed`)
  })
})

test('names and addresses as long as they may be appear in full', () => {
  for (const { title, page, frame } of ordinary(longNames)) {
    if (!['pods', 'home', 'consent'].includes(page.name)) continue
    const text = textOf(page, frameOf('zh', frame)).replaceAll('<wbr>', '')
    assert.ok(text.includes(longNames.person), title)
  }
})

test('fields tell a password keeper what they are', () => {
  const find = (title: string): string => {
    const { page, frame } = examples.find((one) => one.title === title)!
    return textOf(page, frameOf('en', frame))
  }
  assert.match(find('logIn'), /name="login"[^>]*autocomplete="username"/)
  assert.match(find('logIn'), /name="password"[^>]*autocomplete="current-password"/)
  assert.match(find('signUp'), /name="email"[^>]*autocomplete="username"/)
  assert.match(find('signUp'), /name="password"[^>]*autocomplete="new-password"/)
  assert.match(find('reset'), /name="password"[^>]*autocomplete="new-password"/)
  assert.match(find('recover'), /name="code"[^>]*autocomplete="one-time-code"/)
  assert.match(find('changePassword'), /name="oldPassword"[^>]*autocomplete="current-password"/)
})

test('a form that came back ties each problem to its field and puts the summary first, with the focus', () => {
  const { page, frame } = examples.find((one) => one.title === 'signUp-problems')!
  const text = textOf(page, frameOf('en', frame))
  assert.match(text, /<title>Error: /)
  assert.match(text, /role="alert" tabindex="-1" autofocus/)
  for (const name of ['email', 'password', 'podName']) {
    assert.match(text, new RegExp(`<a href="#${name}">`))
    assert.match(text, new RegExp(`id="${name}"[^>]*aria-describedby="${name}-hint ${name}-wrong" aria-invalid="true"`))
    assert.match(text, new RegExp(`id="${name}-wrong"`))
  }
  assert.equal(text.match(/ autofocus/g)?.length, 1)
  assert.match(text, /value="alice@"/)
})

test('a secret and recovery codes stand only on the page that answers their making', () => {
  const { page } = examples.find((one) => one.title === 'credentials-created')!
  assert.ok(page.name === 'credentials')
  const { secret } = page.model.created!
  each((text, { title }) => assert.equal(text.includes(secret), title === 'credentials-created', title))
})
