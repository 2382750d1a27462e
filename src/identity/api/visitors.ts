// The part of the API that anybody may call: making an account, logging in, resetting a password. Shapes as in Community
// Solid Server 7; beyond it a login is an e-mail address, a name or a WebID.

import { XpodError } from '../../base/errors.ts'
import { logIn } from '../use/log-in.ts'
import { recover, requestReset, resetPassword } from '../use/recovery.ts'
import { createAccount } from '../use/sign-up.ts'
import { paths } from '../web/paths.ts'
import type { JsonRow } from '../web/route.ts'
import { describeFields, flag, optionalText, readFields, secret, text } from './fields.ts'

export const index: JsonRow = { GET: async () => ({ json: {} }) }

export const logins: JsonRow = {
  GET: async ({ baseUrl }) => ({
    json: { logins: { 'Email/password combination': baseUrl + paths.logIn.slice(1) } },
  }),
}

const accountFields = { invite: optionalText }

export const accounts: JsonRow = {
  GET: async ({ registration }) => ({
    json: registration === 'invite' ? { fields: describeFields(accountFields) } : {},
  }),
  async POST(parts, { visit, json }) {
    const loggedIn = await createAccount(parts, visit.who, readFields(accountFields, json))
    return { json: {}, loggedIn }
  },
}

const logInFields = { email: text, password: secret, remember: flag }

export const passwordLogIn: JsonRow = {
  GET: async () => ({ json: { fields: describeFields(logInFields) } }),
  async POST(parts, { visit, json }) {
    const { email, password, remember } = readFields(logInFields, withLogin(json))
    return { json: {}, loggedIn: await logIn(parts, visit.who, { login: email, password, remember }) }
  },
}

const forgotFields = { email: text }

export const forgot: JsonRow = {
  GET: async () => ({ json: { fields: describeFields(forgotFields) } }),
  async POST(parts, { visit, json }) {
    const { email } = readFields(forgotFields, withLogin(json))
    requestReset(parts, visit.who, { login: email })
    return { json: { email } }
  },
}

const resetFields = { recordId: text, password: secret }

export const reset: JsonRow = {
  GET: async () => ({ json: { fields: describeFields(resetFields) } }),
  async POST(parts, { json }) {
    await resetPassword(parts, readFields(resetFields, json))
    return { json: {} }
  },
}

const recoverFields = { login: text, code: secret }

export const recovery: JsonRow = {
  GET: async () => ({ json: { fields: describeFields(recoverFields) } }),
  POST: async (parts, { visit, json }) => ({ json: await recover(parts, visit.who, readFields(recoverFields, json)) }),
}

/** `login` is another name of `email`. */
function withLogin(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || !('login' in json) || 'email' in json) return json
  if (typeof json.login !== 'string') throw new XpodError('FIELD_INVALID', 'login must be a string')
  return { ...json, email: json.login }
}
