// What a person does on the account pages, by the words and roles that they see: nothing here knows an address or a name of
// an input but those of the pages' own links and labels. Works with scripts and without.

import type { Page } from 'playwright-core'

import { en } from '../../src/identity/pages/words/en.ts'

export interface Person {
  readonly email: string
  readonly password: string
  readonly podName: string
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

/** From the front page to the account's home. */
export async function signUp(page: Page, baseUrl: string, { email, password, podName }: Person): Promise<void> {
  await page.goto(baseUrl)
  await page.getByRole('link', { name: en.signUp, exact: true }).first().click()
  await page.getByLabel(en.email).fill(email)
  await page.getByLabel(en.password, { exact: true }).fill(password)
  await page.getByLabel(en.podName).fill(podName)
  await button(page, en.signUpPage.submit).click()
  await atHeading(page, en.homePage.title)
}

export async function logIn(page: Page, { email, password }: Person): Promise<void> {
  await atHeading(page, en.logInPage.title)
  await page.getByLabel(en.login).fill(email)
  await page.getByLabel(en.password, { exact: true }).fill(password)
  await button(page, en.logIn).click()
}

export async function chooseWebId(page: Page, webId: string): Promise<void> {
  await atHeading(page, en.choosePage.title)
  await page.getByLabel(webId).check()
  await button(page, en.choosePage.submit).click()
}

export async function allow(page: Page): Promise<void> {
  await atHeading(page, en.consentPage.title)
  await button(page, en.consentPage.allow).click()
}

export async function cancel(page: Page): Promise<void> {
  await button(page, en.cancel).click()
}

/** On a page of the account: to another one, by the menu. */
export async function follow(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name, exact: true }).first().click()
  await page.waitForLoadState()
}

export async function atHeading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
}

export async function press(page: Page, name: string): Promise<void> {
  await button(page, name).first().click()
  await page.waitForLoadState()
}
