// The account itself through the API: its passwords in the shapes of Community Solid Server 7, and beyond it passkeys,
// recovery codes, e-mail address, and its deletion.

import { deleteAccount, keepAccount } from '../use/delete-account.ts'
import { logOut } from '../use/log-in.ts'
import { addPassword, changeEmail, changePassword, passwordLogins, removeLogin } from '../use/passwords.ts'
import { createRecoveryCodes } from '../use/recovery.ts'
import { accountPaths } from '../web/paths.ts'
import { type JsonRow, memberOf } from '../web/route.ts'
import { describeFields, optionalSecret, readFields, secret, text } from './fields.ts'

export const home: JsonRow = {
  async GET(_parts, call) {
    const { id, name, createdMs, deleteAtMs } = memberOf(call).account
    const deleteAt = deleteAtMs === undefined ? {} : { deleteAt: new Date(deleteAtMs).toISOString() }
    return { json: { id, name, created: new Date(createdMs).toISOString(), ...deleteAt } }
  },
}

export const logOutRow: JsonRow = {
  async POST(parts, { visit }) {
    await logOut(parts, visit.who)
    return { json: {}, loggedOut: true }
  },
}

const passwordFields = { email: text, password: secret }

export const passwords: JsonRow = {
  async GET(parts, call) {
    const member = memberOf(call)
    const base = parts.baseUrl + accountPaths(member.account.id).passwords.slice(1)
    const own = (await passwordLogins(parts, member)).map(
      ({ id, email }) => [email?.toLowerCase() ?? id, `${base}${id}/`] as const,
    )
    return { json: { fields: describeFields(passwordFields), passwordLogins: Object.fromEntries(own) } }
  },
  async POST(parts, call) {
    const member = memberOf(call)
    const loginId = await addPassword(parts, member, readFields(passwordFields, call.json))
    return { json: { resource: `${parts.baseUrl}${accountPaths(member.account.id).passwords.slice(1)}${loginId}/` } }
  },
}

const changeFields = { oldPassword: secret, newPassword: secret }

export const password: JsonRow = {
  status: (error) => (error.code === 'PASSWORD_WRONG' ? 400 : undefined),
  GET: async () => ({ json: { fields: describeFields(changeFields) } }),
  async POST(parts, call) {
    const { oldPassword, newPassword } = readFields(changeFields, call.json)
    await changePassword(parts, memberOf(call), { loginId: call.params.login!, oldPassword, newPassword })
    return { json: {} }
  },
  async DELETE(parts, call) {
    await removeLogin(parts, memberOf(call), { loginId: call.params.login!, kind: 'password' })
    return { json: {} }
  },
}

const emailFields = { email: text, password: optionalSecret }

export const email: JsonRow = {
  GET: async () => ({ json: { fields: describeFields(emailFields) } }),
  async POST(parts, call) {
    await changeEmail(parts, memberOf(call), readFields(emailFields, call.json))
    return { json: {} }
  },
}

const askFields = { password: optionalSecret }

export const recoveryCodes: JsonRow = {
  GET: async (parts, call) => ({
    json: {
      fields: describeFields(askFields),
      left: await parts.accounts.recoveryCodesLeft(memberOf(call).account.id),
    },
  }),
  async POST(parts, call) {
    return { json: { codes: await createRecoveryCodes(parts, memberOf(call), readFields(askFields, call.json)) } }
  },
}

export const passkeys: JsonRow = {
  async GET(parts, call) {
    const { id } = memberOf(call).account
    const base = parts.baseUrl + accountPaths(id).passkeys.slice(1)
    const own = (await parts.accounts.passkeys(id)).map(({ id: key, name, createdMs, lastUsedMs }) => {
      const lastUsed = lastUsedMs === undefined ? {} : { lastUsed: new Date(lastUsedMs).toISOString() }
      return { resource: `${base}${key}/`, name, created: new Date(createdMs).toISOString(), ...lastUsed }
    })
    return { json: { passkeys: own } }
  },
}

export const passkey: JsonRow = {
  async DELETE(parts, call) {
    await removeLogin(parts, memberOf(call), { loginId: call.params.passkey!, kind: 'passkey' })
    return { json: {} }
  },
}

/** Ends every session, so the caller is logged out. */
export const deletion: JsonRow = {
  GET: async () => ({ json: { fields: describeFields(askFields) } }),
  async POST(parts, call) {
    const { deleteAtMs } = await deleteAccount(parts, memberOf(call), readFields(askFields, call.json))
    return { json: { deleteAt: new Date(deleteAtMs).toISOString() }, loggedOut: true }
  },
}

export const keeping: JsonRow = {
  async POST(parts, call) {
    await keepAccount(parts, memberOf(call))
    return { json: {} }
  },
}
