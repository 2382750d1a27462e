// What a Solid app does in a browser, bundled by test/support/app.ts: it comes back from logging in, restores the session
// after a reload, logs in and out, reads and writes. Its state is `data-state` of the body.

import { fetch, getDefaultSession, handleIncomingRedirect, login, logout } from '@inrupt/solid-client-authn-browser'

const element = (id) => document.getElementById(id)
const here = location.origin + location.pathname

function show() {
  const { isLoggedIn, webId } = getDefaultSession().info
  element('webid').textContent = webId ?? ''
  document.body.dataset.state = isLoggedIn ? 'in' : 'out'
}

function failed(error) {
  element('error').textContent = String(error)
  document.body.dataset.state = 'failed'
}

element('login').addEventListener('submit', (event) => {
  event.preventDefault()
  const { issuer, client } = Object.fromEntries(new FormData(event.target))
  const identity = client === '' ? { clientName: 'A test of apps' } : { clientId: client }
  login({ oidcIssuer: issuer, redirectUrl: here, ...identity }).catch(failed)
})

element('logout').addEventListener('click', () => {
  logout({ logoutType: 'app' }).then(show, failed)
})

element('leave').addEventListener('click', () => {
  logout({ logoutType: 'idp', postLogoutUrl: here }).catch(failed)
})

async function ask({ method, url, body }) {
  const sent = body === '' ? {} : { headers: { 'content-type': 'text/plain' }, body }
  const response = await fetch(url, { method, ...sent })
  return `${response.status} ${await response.text()}`
}

element('ask').addEventListener('submit', (event) => {
  event.preventDefault()
  const answer = element('answer')
  const tell = (text) => (answer.textContent = String(text))
  tell('')
  ask(Object.fromEntries(new FormData(event.target))).then(tell, tell)
})

handleIncomingRedirect({ restorePreviousSession: true }).then(show, failed)
