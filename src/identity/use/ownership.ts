// Proof that a WebID is somebody's: a triple with a token of ours, put into the WebID's document (as Community Solid Server
// does it). The token is a sealed value that says for whom and until when, so asking for one makes no row and any center
// knows it again.

import { KiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import { isUnreadable, readRemote } from '../../pod/access/remote-document.ts'
import type { AccountId } from '../account/accounts.ts'
import type { IdentityParts } from './parts.ts'

const predicate = 'http://www.w3.org/ns/solid/terms#oidcIssuerRegistrationToken'
const tokenMs = 30 * 60_000
const maxDocumentBytes = 256 * KiB
/** Of one document: somebody may have left old ones in it. */
const maxTokens = 20
const maxTokenLength = 4000
const accept = 'text/turtle, application/ld+json;q=0.9'
/** Nothing else that is sealed begins like this. */
const mark = 'web id ownership'

interface Claim {
  readonly account: AccountId
  readonly webId: string
}

/** Throws WEBID_UNPROVEN with the triple to be added, also when the document cannot be read: nothing is proved then. */
export async function requireOwnership(parts: IdentityParts, claim: Claim): Promise<void> {
  let cause: XpodError | undefined
  try {
    const tokens = await readTokens(parts, claim.webId)
    if (tokens.some((token) => isTokenOf(parts, token, claim))) return
  } catch (error) {
    if (!isUnreadable(error)) throw error
    cause = error
  }
  const quad = `<${claim.webId}> <${predicate}> "${newToken(parts, claim)}".`
  const document = claim.webId.replace(/#.*$/s, '')
  const detail = [
    cause === undefined ? 'Verification token not found.' : `The WebID document cannot be read: ${cause.detail}.`,
    'Please add the RDF triple',
    quad,
    `to the WebID document at ${document}`,
    'to prove it belongs to you.',
    'You can remove this triple again after validation.',
  ].join(' ')
  throw new XpodError('WEBID_UNPROVEN', detail, { cause, members: { quad, document } })
}

async function readTokens(parts: IdentityParts, webId: string): Promise<readonly string[]> {
  const document = await readRemote(parts.readers, webId, { accept, maxBytes: maxDocumentBytes })
  const source = { mediaType: document.mediaType, base: document.url }
  const { quads } = await parts.rdf.parse(document.bytes, source, new AbortController().signal)
  return quads
    .filter((quad) => quad.subject.termType === 'NamedNode' && quad.subject.value === webId)
    .filter((quad) => quad.predicate.value === predicate && quad.object.termType === 'Literal')
    .map((quad) => quad.object.value)
    .slice(0, maxTokens)
}

function newToken({ sealer, clock }: IdentityParts, { account, webId }: Claim): string {
  const content = [mark, account, webId, clock.nowMs() + tokenMs]
  return Buffer.from(sealer.seal(Buffer.from(JSON.stringify(content)))).toString('base64url')
}

function isTokenOf({ sealer, clock }: IdentityParts, token: string, { account, webId }: Claim): boolean {
  if (token.length > maxTokenLength || !/^[\w-]+$/.test(token)) return false
  let opened: Uint8Array
  try {
    opened = sealer.open(Buffer.from(token, 'base64url'))
  } catch (error) {
    // Anybody may have written anything there.
    if (error instanceof XpodError && error.code === 'SECRET_MISMATCH') return false
    throw error
  }
  const text = Buffer.from(opened).toString()
  if (!text.startsWith(`["${mark}",`)) return false
  const [, forAccount, forWebId, endsMs] = JSON.parse(text) as unknown[]
  const isOurs = forAccount === account && forWebId === webId
  return isOurs && typeof endsMs === 'number' && clock.nowMs() < endsMs
}
