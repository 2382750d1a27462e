// Apps, found by their client id: registered ones in SQL, those with a document by its URL. What they say of themselves is
// shown to people as their own words.

import type { Json } from '../../pod/auth/jws.ts'
import { type ClientDocuments, isClientUrl } from './client-document.ts'
import type { ClientView } from './contract.ts'
import type { Records } from './records.ts'

/** Metadata by its RFC 7591 names. Throws CLIENT_INVALID for a document that is not as it must be. */
export type FindClient = (clientId: string) => Promise<Json | undefined>

export function createFindClient(parts: {
  readonly records: Pick<Records, 'find'>
  readonly documents: ClientDocuments
}): FindClient {
  return async (clientId) => {
    if (isClientUrl(clientId)) return await parts.documents(clientId)
    return (await parts.records.find('Client', clientId))?.payload
  }
}

export function viewOf(clientId: string, client: Json | undefined): Omit<ClientView, 'redirectOrigin'> {
  return {
    id: clientId,
    name: text(client?.['client_name']),
    logoUri: text(client?.['logo_uri']),
    uri: text(client?.['client_uri']),
    isDocument: isClientUrl(clientId),
  }
}

/** `https://app.example`, or `com.example.app:` for an installed app. */
export function originOf(redirectUri: string): string {
  const url = new URL(redirectUri)
  return url.origin === 'null' ? url.protocol : url.origin
}

/**
 * Where a person may be sent after logging out. Apps that registered no such address are served all the same when it is of
 * the same origin as one that they get logins at: registration by libraries never names any.
 */
export function mayLogOutTo(client: Json, uri: string): boolean {
  if (!URL.canParse(uri)) return false
  const registered = texts(client['post_logout_redirect_uris'])
  if (registered.length > 0) return registered.includes(uri)
  const { protocol, origin, username } = new URL(uri)
  if ((protocol !== 'https:' && protocol !== 'http:') || username !== '') return false
  return texts(client['redirect_uris']).some((one) => URL.parse(one)?.origin === origin)
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
