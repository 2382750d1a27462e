// `npm run screenshots -- DIRECTORY [WORD]`: a picture of every account page in both languages and both themes, from
// example models, with Debian's chromium; WORD picks pages by a part of their name. Then the same pages at the width of a
// telephone, and once more with every name as long as it may be. Needs no server.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { argv } from 'node:process'

import type { Browser } from 'playwright-core'

import type { Language } from '../../src/identity/account/accounts.ts'
import { type Example, frameOf, longNames, ordinary, plainNames, states } from '../identity/pages/examples.ts'
import { show } from '../identity/pages/shown.ts'
import { launchChromium } from './chromium.ts'

type Theme = 'light' | 'dark'
interface Shot {
  readonly folder: string
  readonly width: number
  readonly language: Language
  readonly theme: Theme
  readonly examples: readonly Example[]
}

function plan(): readonly Shot[] {
  const all = [...ordinary(plainNames), ...states(plainNames)]
  const themes: readonly Theme[] = ['light', 'dark']
  const wide = (['en', 'zh'] as const).flatMap((language) =>
    themes.map((theme) => ({ folder: `${language}-${theme}`, width: 1100, language, theme, examples: all })),
  )
  const long = ordinary(longNames)
  return [
    ...wide,
    { folder: 'narrow-en', width: 360, language: 'en', theme: 'light', examples: all },
    { folder: 'narrow-zh-long', width: 360, language: 'zh', theme: 'dark', examples: long },
    { folder: 'wide-zh-long', width: 1100, language: 'zh', theme: 'light', examples: long },
  ]
}

async function take(browser: Browser, directory: string, shot: Shot): Promise<number> {
  const folder = join(directory, shot.folder)
  await mkdir(folder, { recursive: true })
  const context = await browser.newContext({
    viewport: { width: shot.width, height: shot.width < 500 ? 740 : 800 },
    colorScheme: shot.theme,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  for (const { title, page: shown, frame } of shot.examples) {
    await show(page, shown, frameOf(shot.language, frame))
    await page.screenshot({ path: join(folder, `${title}.png`), fullPage: true })
  }
  await context.close()
  return shot.examples.length
}

const [, , directory, word = ''] = argv
if (directory === undefined) throw new Error('npm run screenshots -- DIRECTORY [WORD]')
const browser = await launchChromium()
try {
  for (const shot of plan()) {
    const examples = shot.examples.filter(({ title }) => title.includes(word))
    const count = await take(browser, directory, { ...shot, examples })
    console.log(`${count} pictures in ${join(directory, shot.folder)}`)
  }
} finally {
  await browser.close()
}
