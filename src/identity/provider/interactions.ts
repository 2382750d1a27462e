// A login that an app asked for, between the page that began it and the one it goes on to: read and finished on the stored
// record alone, without the library. The record is as the library keeps it: `prompt`, `params`, `session`, and `result`,
// which it looks for when the browser comes back.

import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { HttpRequest } from '../../core/http/message.ts'
import { isObject, type Json } from '../../pod/auth/jws.ts'
import type { Accounts } from '../account/accounts.ts'
import { type FindClient, originOf, viewOf } from './clients.ts'
import type { Interaction, InteractionResult, Member } from './contract.ts'
import { type CookieNames, cookieOf } from './cookies.ts'
import type { Payload, Records } from './records.ts'
import { readSubject, type Subject, subjectText } from './subject.ts'

/** How the wish to stay connected travels: the library would drop `offline_access` whenever the prompt is not consent. */
export const offlineParameter = 'xpod_offline'
export const grantSeconds = 365 * 86_400

export interface InteractionParts {
  readonly issuer: string
  readonly records: Records
  readonly findClient: FindClient
  readonly accounts: Pick<Accounts, 'accountOfWebId' | 'sessions'>
  readonly cookies: CookieNames
  readonly clock: Clock
  readonly random: Random
}

export interface Interactions {
  find(request: HttpRequest): Promise<Interaction | undefined>
  finish(interaction: Interaction, result: InteractionResult): Promise<{ readonly location: string }>
}

const model = 'Interaction'

export function createInteractions(parts: InteractionParts): Interactions {
  const { records, findClient, clock } = parts
  return {
    async find(request) {
      const uid = cookieOf(request, parts.cookies.interaction)
      const record = uid === undefined ? undefined : await records.find(model, uid)
      if (record === undefined || record.payload['result'] !== undefined) return undefined
      return await interactionOf(record.id, record.payload, findClient)
    },
    async finish(interaction, result) {
      const record = await records.find(model, interaction.uid)
      if (record === undefined) throw new XpodError('INTERACTION_UNKNOWN')
      const { payload } = record
      const settled = await settle(parts, interaction, payload, result)
      const seconds = Number(payload['exp']) - Math.floor(clock.nowMs() / 1000)
      await records.put(model, interaction.uid, { ...payload, result: settled }, seconds)
      return { location: new URL(`/.oidc/auth/${interaction.uid}`, parts.issuer).href }
    },
  }
}

async function interactionOf(uid: string, payload: Payload, findClient: FindClient): Promise<Interaction> {
  const params = object(payload['params'])
  const prompt = object(payload['prompt'])
  const clientId = String(params['client_id'])
  const subject = readSubject(object(payload['session'])['accountId'])
  const scopes = wordsOf(params['scope'])
  const reasons = [prompt['reasons']].flat()
  return {
    uid,
    prompt: prompt['name'] === 'consent' ? 'consent' : 'login',
    client: {
      ...viewOf(clientId, await findClient(clientId)),
      redirectOrigin: originOf(String(params['redirect_uri'])),
    },
    scopes: params[offlineParameter] === undefined ? scopes : [...scopes, 'offline_access'],
    mustLogIn: reasons.includes('login_prompt') || reasons.includes('max_age'),
    startedMs: Number(payload['iat']) * 1000,
    webId: subject?.webId,
    chosenBy: subject,
  }
}

/** What the library will find as the result of the prompt; with nothing in it, it asks again. */
async function settle(
  parts: InteractionParts,
  interaction: Interaction,
  payload: Payload,
  result: InteractionResult,
): Promise<Json> {
  if (result.kind === 'cancel') return { error: 'access_denied', error_description: 'the person said no' }
  if (result.kind === 'forgetWebId') {
    await forget(parts, payload)
    return {}
  }
  const before = object(payload['lastSubmission'])
  if (result.kind === 'webId') {
    if (interaction.prompt !== 'login') throw new XpodError('INTERACTION_UNKNOWN', 'a WebID is chosen already')
    return { ...before, login: await chooseWebId(parts, payload, result) }
  }
  const subject = interaction.chosenBy === undefined ? undefined : readSubject(object(payload['session'])['accountId'])
  if (interaction.prompt !== 'consent' || subject === undefined || !isSame(subject, result.who)) {
    throw new XpodError('INTERACTION_UNKNOWN', 'somebody else chose the WebID')
  }
  return {
    ...before,
    consent: { grantId: await grant(parts, interaction, payload, { subject, remember: result.remember }) },
  }
}

async function chooseWebId(
  parts: InteractionParts,
  payload: Payload,
  { who, webId, remember }: Extract<InteractionResult, { kind: 'webId' }>,
): Promise<Json> {
  if ((await parts.accounts.accountOfWebId(webId)) !== who.account) throw new XpodError('WEBID_UNKNOWN')
  const accountId = subjectText({ ...who, webId })
  const before = object(payload['session'])['accountId']
  if (before !== undefined && before !== accountId) await forget(parts, payload)
  return { accountId, remember, ts: Math.floor(parts.clock.nowMs() / 1000) }
}

/** The browser's session with apps goes on without a WebID and without what was granted under it. */
async function forget({ records }: InteractionParts, payload: Payload): Promise<void> {
  const uid = object(payload['session'])['uid']
  const session = typeof uid === 'string' ? await records.findByUid('Session', uid) : undefined
  if (session === undefined) return
  const { accountId: _, loginTs: __, authorizations: ___, ...kept } = session.payload
  await records.replace('Session', session.key, kept)
}

async function grant(
  { records, accounts, clock, issuer, random }: InteractionParts,
  interaction: Interaction,
  payload: Payload,
  { subject, remember }: { readonly subject: Subject; readonly remember: boolean },
): Promise<string> {
  const accountId = subjectText(subject)
  const known = payload['grantId']
  const existing = typeof known === 'string' ? await records.find('Grant', known) : undefined
  const id = existing?.id ?? random.uuid()
  const before = wordsOf(object(existing?.payload['openid'])['scope'])
  const wanted = new Set([...before, ...interaction.scopes])
  if (!remember) wanted.delete('offline_access')
  const scope = [...wanted].join(' ')
  const { redirectOrigin: _, ...app } = interaction.client
  const iat = Math.floor(clock.nowMs() / 1000)
  const content = { kind: 'Grant', accountId, clientId: interaction.client.id, app, iat, exp: iat + grantSeconds }
  await records.put('Grant', id, { ...content, openid: { scope }, resources: { [issuer]: scope } }, grantSeconds)
  // A session that was ended a moment ago took only what was there then.
  const sessions = await accounts.sessions(subject.account)
  if (sessions.some((session) => session.id === subject.session)) return id
  await records.revoke([id])
  throw new XpodError('INTERACTION_UNKNOWN', 'the session has ended')
}

function isSame(one: Member, other: Member): boolean {
  return one.account === other.account && one.session === other.session
}

function wordsOf(text: unknown): readonly string[] {
  return typeof text === 'string' ? text.split(' ').filter((word) => word !== '') : []
}

function object(value: unknown): Json {
  return isObject(value) ? value : {}
}
