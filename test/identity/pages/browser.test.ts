// Every page in a real browser: no breach of WCAG 2.2 AA that axe-core can find, in both themes; nothing wider than the
// narrowest screen; nothing asked from outside; and what strangers wrote stays text.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Browser, Page as Tab } from 'playwright-core'

import type { Page } from '../../../src/identity/pages/models.ts'
import { launchChromium, lacksChromium } from '../../support/chromium.ts'
import { type Example, frameOf, longNames, ordinary, plainNames, states } from './examples.ts'
import { show } from './shown.ts'

const skip = lacksChromium()
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const examples: readonly Example[] = [...ordinary(plainNames), ...states(plainNames)]

const everyRule = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

let browser: Browser
before(async () => {
  if (skip === false) browser = await launchChromium()
})
after(async () => {
  if (skip === false) await browser.close()
})

async function inTab(theme: 'light' | 'dark', width: number, work: (tab: Tab) => Promise<void>): Promise<void> {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: theme,
    reducedMotion: 'reduce',
  })
  await work(await context.newPage())
  await context.close()
}

/** What axe-core has to say, one line each; `rules` narrows it. */
async function breaches(tab: Tab, rules = everyRule): Promise<readonly string[]> {
  return tab.evaluate(`axe.run(document, { resultTypes: ['violations'], runOnly: ${JSON.stringify(rules)} })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html.slice(0, 200))))`)
}

test('axe-core finds nothing on any page, in light and dark', { skip }, () =>
  inTab('light', 1100, async (tab) => {
    const found: string[] = []
    for (const [index, { title, page, frame }] of examples.entries()) {
      const language = index % 2 === 0 ? 'en' : 'zh'
      const asked = await show(tab, page, frameOf(language, frame))
      await tab.evaluate(axe)
      const light = await breaches(tab)
      await tab.emulateMedia({ colorScheme: 'dark' })
      // The other theme differs in colours alone.
      const dark = await breaches(tab, ['color-contrast'])
      await tab.emulateMedia({ colorScheme: 'light' })
      found.push(...[...light, ...dark, ...asked].map((line) => `${title} ${language}: ${line}`))
    }
    assert.deepEqual(found, [])
  }),
)

test('axe-core would say so: a field without a label is found', { skip }, () =>
  inTab('light', 1100, async (tab) => {
    await show(tab, examples.find(({ title }) => title === 'logIn')!.page, frameOf('en'))
    await tab.evaluate(axe)
    await tab.evaluate(`document.querySelector('label[for=login]').remove()`)
    assert.ok((await breaches(tab)).some((line) => line.startsWith('label ')))
  }),
)

test('no page is wider than a screen of 320 px, with every name as long as it may be', { skip }, () =>
  inTab('light', 320, async (tab) => {
    const wide = states(longNames).filter(({ title }) => /problems|proof|created|made|app$/.test(title))
    for (const { title, page, frame } of [...ordinary(longNames), ...wide]) {
      await show(tab, page, frameOf('zh', frame))
      assert.ok(Number(await tab.evaluate('document.documentElement.scrollWidth')) <= 320, title)
    }
  }),
)

test('markup in an app name, a WebID and a session stays text', { skip }, () =>
  inTab('light', 1100, async (tab) => {
    const hostile = `<img src=x onerror="document.title='ran'"><script>document.title='ran'</script>`
    const names = { person: hostile, pod: hostile, app: hostile, email: hostile, label: hostile }
    // Every page is searched in markup.test.ts; these show most of what strangers write, and a browser is the judge.
    const telling = new Set(['consent', 'chooseWebId', 'home', 'pods', 'apps', 'webIds', 'deletePod'])
    for (const { title, page, frame } of ordinary(names).filter((one) => telling.has(one.title))) {
      const asked = await show(tab, page, frameOf('en', { ...frame, names }))
      assert.equal(await tab.evaluate(`document.querySelectorAll('img[src=x], [onerror]').length`), 0, title)
      assert.notEqual(await tab.title(), 'ran', title)
      assert.deepEqual(asked, [], title)
    }
  }),
)

test('after a refusal the focus is on the summary, and without one on the first field', { skip }, () =>
  inTab('light', 1100, async (tab) => {
    const focus = async (page: Page, frame: Example['frame']): Promise<unknown> => {
      await show(tab, page, frameOf('en', frame))
      return tab.evaluate('document.activeElement.id')
    }
    const logIn = examples.find(({ title }) => title === 'logIn')!
    const refused = examples.find(({ title }) => title === 'signUp-problems')!
    assert.equal(await focus(logIn.page, logIn.frame), 'login')
    assert.equal(await focus(refused.page, refused.frame), 'problems')
  }),
)

test(
  'cancelling an app is as strong as letting it in: as large, in the same colours, and before it for the keyboard',
  {
    skip,
  },
  () =>
    inTab('light', 1100, async (tab) => {
      const { page, frame } = examples.find(({ title }) => title === 'consent')!
      for (const language of ['en', 'zh'] as const) {
        await show(tab, page, frameOf(language, frame))
        const buttons = (await tab.evaluate(`[...document.querySelectorAll('.pair button')].map((button) => {
          const { color, backgroundColor, borderColor, fontSize, fontWeight } = getComputedStyle(button)
          const { width, height } = button.getBoundingClientRect()
          const look = { color, backgroundColor, borderColor, fontSize, fontWeight, width, height }
          return { look, isCancel: button.hasAttribute('formaction') }
        })`)) as { readonly look: object; readonly isCancel: boolean }[]
        assert.deepEqual(
          buttons.map(({ isCancel }) => isCancel),
          [true, false],
          'the first is what Enter does',
        )
        assert.deepEqual(buttons[0]!.look, buttons[1]!.look, language)
      }
    }),
)

test('the keyboard reaches the content first, then the fields in their order', { skip }, () =>
  inTab('light', 1100, async (tab) => {
    const { page, frame } = examples.find(({ title }) => title === 'recoveryCodes')!
    await show(tab, page, frameOf('en', frame))
    await tab.keyboard.press('Tab')
    assert.equal(await tab.evaluate('document.activeElement.className'), 'skip')
    await tab.keyboard.press('Enter')
    await tab.keyboard.press('Tab')
    assert.equal(await tab.evaluate('document.activeElement.id'), 'password')
  }),
)
