// Client ID Documents (Solid-OIDC section 5.1, row 74): an app whose client id is a URL says there what it is and where logins
// may be answered to. A document of this service is read from the store, any other through the outgoing door with its
// limits (rule 12). Only what is listed here is believed; apps like this never have a secret.

import { KiB, MiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import { createSingleFlight } from '../../base/single-flight.ts'
import { ExpiringCache } from '../../core/cache/expiring.ts'
import { type DocumentReaders, isUnreadable, readRemote } from '../../pod/access/remote-document.ts'
import { isObject, type Json } from '../../pod/auth/jws.ts'

/** Client metadata (RFC 7591) by its own names. Throws CLIENT_INVALID, with words for the person who waits. */
export type ClientDocuments = (clientId: string) => Promise<Json>

const context = 'https://www.w3.org/ns/solid/oidc-context.jsonld'
const accept = 'application/ld+json, application/json;q=0.9'
const keepMs = 60_000
const keepFailureMs = 5000
const maxDocuments = 1000
const maxDocumentBytes = 64 * KiB
const maxUrls = 100
const texts = ['client_name', 'client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'scope', 'application_type']

export function isClientUrl(clientId: string): boolean {
  return /^https?:\/\//i.test(clientId)
}

export function createClientDocuments(options: DocumentReaders & { readonly clock: Clock }): ClientDocuments {
  const flights = createSingleFlight<Json | XpodError>()
  const known = new ExpiringCache<Json | XpodError>({
    clock: options.clock,
    maxEntries: maxDocuments,
    maxWeight: 16 * MiB,
    weigh: (id, client) => id.length + (client instanceof XpodError ? 200 : JSON.stringify(client).length),
  })

  function load(clientId: string): Promise<Json | XpodError> {
    return flights(clientId, async () => {
      const client = await read(options, clientId).catch((error: unknown) => {
        if (error instanceof XpodError && (error.code === 'CLIENT_INVALID' || isUnreadable(error))) return error
        throw error
      })
      known.set(clientId, client, client instanceof XpodError ? keepFailureMs : keepMs)
      return client
    })
  }

  return async (clientId) => {
    const client = known.get(clientId) ?? (await load(clientId))
    if (!(client instanceof XpodError)) return client
    if (client.code === 'CLIENT_INVALID') throw client
    // Why it could not be fetched goes to the log only, or the answer would tell what lies inside our network.
    throw new XpodError('CLIENT_INVALID', 'its document cannot be read', { cause: client })
  }
}

async function read(readers: DocumentReaders, clientId: string): Promise<Json> {
  if (clientId.includes('#') || !URL.canParse(clientId)) throw invalid('its id is no URL of a document')
  const { bytes } = await readRemote(readers, clientId, { accept, maxBytes: maxDocumentBytes })
  const document = parse(bytes)
  if (document['client_id'] !== clientId) throw invalid('its document names another client_id')
  if (![document['@context']].flat().includes(context)) throw invalid(`its document lacks the context ${context}`)
  const redirectUris = urls(document, 'redirect_uris')
  if (redirectUris.length === 0) throw invalid('its document lists no redirect_uris')
  const scope = document['scope']
  const isOffline = typeof scope === 'string' && scope.split(' ').includes('offline_access')
  const grants = [document['grant_types'] ?? []].flat().includes('refresh_token') || isOffline
  const logout = urls(document, 'post_logout_redirect_uris')
  return {
    ...Object.fromEntries(texts.filter((name) => isText(document[name])).map((name) => [name, document[name]])),
    client_id: clientId,
    redirect_uris: redirectUris,
    ...(logout.length > 0 && { post_logout_redirect_uris: logout }),
    grant_types: grants ? ['authorization_code', 'refresh_token'] : ['authorization_code'],
    token_endpoint_auth_method: 'none',
  }
}

function parse(bytes: Uint8Array): Json {
  try {
    const document: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (isObject(document)) return document
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw invalid('its document is not JSON-LD')
}

function urls(document: Json, name: string): readonly string[] {
  const value = [document[name] ?? []].flat()
  if (value.length > maxUrls || !value.every(isText)) throw invalid(`its ${name} are not a list of URLs`)
  return value
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 2048
}

function invalid(detail: string): XpodError {
  return new XpodError('CLIENT_INVALID', detail)
}
