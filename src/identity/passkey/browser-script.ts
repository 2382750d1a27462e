// The one script of the account pages. It shows the forms that need passkeys where the browser has them, runs the ceremony
// when one is sent, and posts the answer as JSON with the fields of the form. Inline, without dependencies, and allowed by
// its hash alone: a page with it sends `script-src` with the hash and `connect-src 'self'`.
//
// <form data-passkey="login" or "register" data-options="URL" data-verify="URL" hidden>
//   fields, <button>, <p data-passkey-error role="alert" hidden>
// </form>
// A tick named `remember` counts wherever it stands on the page: the form of the password has it.

import { hash } from 'node:crypto'

export const passkeyScript = `(() => {
'use strict'
if (!window.PublicKeyCredential) return
const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (one) => one.charCodeAt(0))
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '')
const listed = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }))
const post = async (url, fields) => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(fields),
  })
  if (!answer.ok) throw new Error(answer.status)
  return answer.json()
}
const create = async (options) => {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: listed(options.excludeCredentials),
    },
  })
  return answerOf(made, {
    attestationObject: text(made.response.attestationObject),
    transports: made.response.getTransports ? made.response.getTransports() : [],
  })
}
const get = async (options) => {
  const got = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: listed(options.allowCredentials),
    },
  })
  const handle = got.response.userHandle
  return answerOf(got, {
    authenticatorData: text(got.response.authenticatorData),
    signature: text(got.response.signature),
    ...(handle && handle.byteLength ? { userHandle: text(handle) } : {}),
  })
}
const answerOf = (key, response) => ({
  id: key.id,
  rawId: text(key.rawId),
  type: key.type,
  clientExtensionResults: {},
  response: { clientDataJSON: text(key.response.clientDataJSON), ...response },
})
for (const form of document.querySelectorAll('form[data-passkey]')) {
  const alert = form.querySelector('[data-passkey-error]')
  const { passkey, options, verify } = form.dataset
  let isRunning = false
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (isRunning) return
    isRunning = true
    if (alert) alert.hidden = true
    let given
    try {
      given = await post(options, {})
      const response = await (passkey === 'register' ? create : get)(given)
      const fields = Object.fromEntries(new FormData(form))
      if (document.querySelector('[name=remember]:checked')) fields.remember = true
      const { location: next } = await post(verify, { ...fields, response })
      if (next) window.location.assign(next)
      else window.location.reload()
    } catch (error) {
      // Shown anew, the page says what is asked for first.
      if (!given && error.message === '403') return window.location.reload()
      console.error(error)
      if (alert) alert.hidden = false
    } finally {
      isRunning = false
    }
  })
}
})()
`

/** For `script-src`, with its quotes. */
export const passkeyScriptHash = `'sha256-${hash('sha256', passkeyScript, 'base64')}'`
