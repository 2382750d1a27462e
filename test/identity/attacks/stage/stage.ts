// What an attack stands on: a center, people in it and browsers. One center serves the tests of a file; each test signs up
// people of its own, so that none depends on another.

import { startTestCenter, type TestCenter, type TestCenterOptions } from '../../../support/center.ts'
import { Browser } from './browser.ts'
import { type Person, signUp } from './person.ts'

export interface AttackStage extends AsyncDisposable {
  readonly center: TestCenter
  readonly baseUrl: string
  browser(): Browser
  /** With an account, a pod and a WebID, logged in in a browser of their own. */
  person(name?: string): Promise<Person>
}

export async function openStage(options: TestCenterOptions = {}): Promise<AttackStage> {
  const center = await startTestCenter(options)
  let people = 0
  const browser = (): Browser => new Browser(center.baseUrl)
  return {
    center,
    baseUrl: center.baseUrl,
    browser,
    person: (name = `person-${people++}`) => signUp(browser(), name),
    [Symbol.asyncDispose]: () => center[Symbol.asyncDispose](),
  }
}
