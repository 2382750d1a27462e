// P2 with the server's own tokens, P8 with many accounts and pods and after a thousand logins, and the size of the log-in page.
// Many accounts are written into the database of a stopped server: making them over HTTP would measure scrypt.

import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import Database from 'better-sqlite3'

import { Browser } from '../identity/attacks/stage/browser.ts'
import { type Client, tokenRequest } from '../identity/attacks/stage/app.ts'
import { type Person, signUp } from '../identity/attacks/stage/person.ts'
import { createProofKey, type Login, loginWith } from '../support/issuer.ts'
import { idle, residentMiB } from './measure.ts'
import { proofRow } from './reading.ts'
import { type Claim, type Row, turtle } from './stage.ts'

const accounts = 50_000
const logins = 1000
const maxPageBytes = 30_000

const credentialOf = async (person: Person): Promise<Client> => {
  const wish = { name: 'bench', webId: person.webId }
  const made = await person.call('POST', person.controls['account']!['clientCredentials']!, wish)
  const { id, secret } = made.json<{ id: string; secret: string }>()
  return { id, secret, redirectUri: '' }
}

async function logIn(browser: Browser, client: Client, webId: string): Promise<Login> {
  const key = await createProofKey()
  const answer = await tokenRequest(browser, client, { key, form: { grant_type: 'client_credentials' } })
  if (answer.status !== 200) throw new Error(answer.text)
  return loginWith(webId, key, answer.json<{ access_token: string }>().access_token)
}

const ownTokens: Claim = {
  name: 'P2-own',
  async run(stage) {
    const person = await signUp(new Browser(stage.scene.baseUrl), 'reader')
    const login = await logIn(person.browser, await credentialOf(person), person.webId)
    const path = `${new URL(person.pod).pathname}private.ttl`
    const body = turtle(13)
    const put = await login.fetch(new URL(path, stage.scene.baseUrl), {
      method: 'PUT',
      headers: { 'content-type': 'text/turtle' },
      body,
    })
    if (put.status !== 201) throw new Error(await put.text())
    return [await proofRow(stage, login, "P2 the same with a token of the server's own", path)]
  },
}

const logInPage: Claim = {
  name: 'log-in-page',
  async run(stage) {
    const page = await new Browser(stage.scene.baseUrl).page('/.account/login/password/')
    const bytes = Buffer.byteLength(page.text) + JSON.stringify(page.headers).length
    const figure = `${bytes} B, ${gzipSync(page.text).length} B packed`
    const isWhole = !/<(?:script|link|img)\b[^>]*(?:src|href)="(?!data:)/i.test(page.text)
    const pass = page.status === 200 && bytes <= maxPageBytes && isWhole
    return [{ claim: 'log-in page, all of it', figure, limit: '', ratio: bytes / maxPageBytes, goal: '≤ 30 kB', pass }]
  },
}

const manyAccounts: Claim = {
  name: 'P8-accounts',
  async run(stage) {
    const { browser, ...person } = await signUp(new Browser(stage.scene.baseUrl), 'first')
    const client = await credentialOf({ ...person, browser })
    await stage.running.stop()
    seed(join(stage.scene.dataDir, 'xpod.db'))
    const startMs = performance.now()
    const running = await stage.scene.start()
    const ms = performance.now() - startMs
    const start = { figure: `${ms.toFixed(0)} ms`, limit: '', ratio: ms / 1000, goal: '≤ 0.5 s', pass: ms <= 500 }
    const rows: Row[] = [{ claim: `P8 start with ${accounts} accounts and pods`, ...start }]
    await idle()
    rows.push(memory(`P8 idle memory with ${accounts} accounts and pods`, running.pid, 120))
    for (let turn = 0; turn < logins; turn++) {
      const login = await logIn(browser, client, person.webId)
      const answer = await login.fetch(person.pod)
      if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
      await answer.arrayBuffer()
    }
    rows.push(memory(`P8 memory after ${logins} logins`, running.pid, 170))
    await running.stop()
    return rows
  },
}

function memory(claim: string, pid: number, goalMB: number): Row {
  const resident = residentMiB(pid)
  const pass = resident * 1.048576 <= goalMB
  return { claim, figure: `${resident.toFixed(0)} MiB`, limit: '', ratio: resident, goal: `≤ ${goalMB} MB`, pass }
}

/** Copies of what the one account that exists has, under other names. */
function seed(path: string): void {
  const db = new Database(path)
  const copies: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    account: { id: "'seed-' || n", name: "'seed-' || n" },
    password_login: { id: "'seed-' || n", account: "'seed-' || n", email: "n || '@e.org'", email_key: "n || '@e.org'" },
    web_id_link: { web_id: 'web_id || n', id: "'seed-' || n", account: "'seed-' || n" },
    pod_link: { pod: "'seed-' || n", account: "'seed-' || n" },
    pod: { pod: 'pod + 1000 + n', id: "'seed-' || n", name: "'seed-' || n", base: "replace(base, name, 'seed-' || n)" },
    pod_head: { pod: 'pod + 1000 + n' },
  }
  const one: Readonly<Record<string, string>> = {
    pod: "name = 'first'",
    pod_head: "pod = (SELECT pod FROM pod WHERE name = 'first')",
  }
  db.transaction(() => {
    for (const table of ['pod_head', ...Object.keys(copies).filter((name) => name !== 'pod_head')]) {
      const columns = db.prepare(`SELECT name FROM pragma_table_info('${table}')`).pluck().all() as string[]
      const values = columns.map((column) => copies[table]![column] ?? `"${column}"`).join(', ')
      db.exec(`WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${accounts})
        INSERT INTO ${table} SELECT ${values} FROM numbers, (SELECT * FROM ${table} WHERE ${one[table] ?? 'true'} LIMIT 1)`)
    }
  })()
  db.close()
}

export const identity: readonly Claim[] = [ownTokens, logInPage]
export const identityAtScale: readonly Claim[] = [manyAccounts]
