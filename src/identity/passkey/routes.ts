// The routes of passkeys below `.account/`, for the router of the account API: JSON in, JSON out. The router has judged
// origin and session, bounds bodies, opens the session of who logged in, and lists and removes passkeys like other logins.

import { XpodError } from '../../base/errors.ts'
import type { Account } from '../account/accounts.ts'
import type { Mail } from '../mail/mail.ts'
import type { Passkeys, Visit } from './passkeys.ts'

export interface PasskeyParts {
  readonly passkeys: Passkeys
  readonly mail: Pick<Mail, 'passkeyAdded'> | undefined
}

export interface PasskeyVisitor extends Visit {
  /** Who is logged in; always there where a route needs an account. */
  readonly account?: Account
}

export interface PasskeyAnswer {
  readonly reply: object
  /** In any state: the router refuses, or opens a session and adds where to go on. */
  readonly loggedIn?: Account
}

export interface PasskeyRoute {
  /** Below `.account/`; all are POST. */
  readonly path: string
  readonly needs: 'visitor' | 'account'
  /** The router sees to it that who asks has logged in a few minutes ago. What it gives is needed for what comes after it. */
  readonly needsFreshLogIn?: true
  run(parts: PasskeyParts, who: PasskeyVisitor, body: unknown): Promise<PasskeyAnswer>
}

const standardName = 'Passkey'

export const passkeyRoutes: readonly PasskeyRoute[] = [
  {
    path: 'login/passkey/options',
    needs: 'visitor',
    run: async ({ passkeys }) => ({ reply: await passkeys.beginLogin() }),
  },
  {
    path: 'login/passkey',
    needs: 'visitor',
    run: async ({ passkeys }, who, body) => ({
      reply: {},
      loggedIn: await passkeys.finishLogin(fieldsOf(body).response, who),
    }),
  },
  {
    path: 'passkey/options',
    needs: 'account',
    needsFreshLogIn: true,
    run: async ({ passkeys }, who) => ({ reply: await passkeys.beginRegistration(member(who)) }),
  },
  {
    path: 'passkey',
    needs: 'account',
    async run({ passkeys, mail }, who, body) {
      const { name, response } = fieldsOf(body)
      const { id } = member(who)
      const wanted = typeof name === 'string' && name.trim() !== '' ? name : standardName
      const made = await passkeys.finishRegistration(id, { name: wanted, response })
      mail?.passkeyAdded(id)
      return { reply: { id: made.id, name: made.name } }
    },
  },
]

function member({ account }: PasskeyVisitor): Account {
  if (account === undefined) throw new XpodError('LOGIN_REQUIRED')
  return account
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}
