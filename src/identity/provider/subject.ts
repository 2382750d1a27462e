// Who a login belongs to, as one string: the library keeps it in everything it stores and gives it back. It names the
// session as well, so that what was let in from one session ends with it. Only the WebID is ever told to apps.

import type { Member } from './contract.ts'

export interface Subject extends Member {
  readonly webId: string
}

export function subjectText({ webId, account, session }: Subject): string {
  return `${account} ${session} ${webId}`
}

/** Undefined when it is none. */
export function readSubject(text: unknown): Subject | undefined {
  const [, account, session, webId] = /^(\S+) (\S+) (\S+)$/.exec(typeof text === 'string' ? text : '') ?? []
  return webId === undefined ? undefined : { account: account!, session: session!, webId }
}
