// A page as its readers get it: its text, and in a browser with its policy at an https address.

import type { Page as Tab } from 'playwright-core'

import type { Frame, Page } from '../../../src/identity/pages/models.ts'
import { pagePolicy, renderPage } from '../../../src/identity/pages/render.ts'

export function textOf(page: Page, frame: Frame): string {
  return Buffer.from(renderPage(page.name, page.model as never, frame)).toString()
}

export function policyOf(page: Page, frame: Frame): string {
  return pagePolicy(page.name, page.model as never, frame)
}

/** Nothing else is reachable: whatever the page asks for is in the answer's list. */
export async function show(tab: Tab, page: Page, frame: Frame): Promise<readonly string[]> {
  const asked: string[] = []
  const address = frame.baseUrl
  await tab.route('**/*', async (route) => {
    const url = route.request().url()
    if (url !== address) {
      asked.push(url)
      await route.abort()
      return
    }
    await route.fulfill({
      body: textOf(page, frame),
      contentType: 'text/html; charset=utf-8',
      headers: { 'content-security-policy': policyOf(page, frame) },
    })
  })
  await tab.goto(address)
  await tab.unrouteAll()
  return asked
}
