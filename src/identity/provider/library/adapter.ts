// The library's storage contract on our records. Where its own way is not atomic, ours is: a code or refresh token that was
// used, and a proof that was seen, are refused by the statement that would use them (rule 10). Client secrets are kept as
// hashes. Loaded with the library.

import { hash } from 'node:crypto'

import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'

import { XpodError } from '../../../base/errors.ts'
import { isObject } from '../../../pod/auth/jws.ts'
import { type ClientDocuments, isClientUrl } from '../client-document.ts'
import type { Payload, Records } from '../records.ts'

/** A registered app that nobody logs in with goes after an hour; each use lets it stay for another 30 days (rule 16). */
const unusedClientSeconds = 3600
const usedClientSeconds = 30 * 86_400
/** Not written for each use. */
const keepClientEverySeconds = 86_400
/** Proofs may be from five minutes ahead, and the library then keeps them too short. */
const replaySeconds = 600

export interface AdapterParts {
  readonly records: Records
  readonly documents: ClientDocuments
}

export function createAdapter(parts: AdapterParts): (model: string) => Adapter {
  return (model) => {
    if (model === 'Client') return new ClientAdapter(parts)
    if (model === 'ReplayDetection') return new ReplayAdapter(model, parts)
    return new RecordAdapter(model, parts)
  }
}

class RecordAdapter implements Adapter {
  readonly #model: string
  readonly #records: Records

  constructor(model: string, { records }: AdapterParts) {
    this.#model = model
    this.#records = records
  }

  async upsert(id: string, payload: AdapterPayload, ttlSeconds: number): Promise<void> {
    await this.#records.put(this.#model, id, storable(payload as unknown as Payload), ttlSeconds)
    // A code is what an app gets when somebody has let it in: from here on it is in use.
    if (this.#model === 'AuthorizationCode') await this.#keepClient(payload.clientId)
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const found = payloadOf(await this.#records.find(this.#model, id))
    // An app that stays connected shows itself by nothing else for months.
    if (this.#model === 'RefreshToken') await this.#keepClient(found?.clientId)
    return found
  }

  async #keepClient(clientId: string | undefined): Promise<void> {
    if (clientId === undefined || isClientUrl(clientId)) return
    await this.#records.keep('Client', clientId, {
      ttlSeconds: usedClientSeconds,
      slackSeconds: keepClientEverySeconds,
    })
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return payloadOf(await this.#records.findByUid(this.#model, uid))
  }

  async findByUserCode(): Promise<undefined> {}

  async consume(id: string): Promise<void> {
    if (await this.#records.consume(this.#model, id)) return
    const used = await this.#records.find(this.#model, id)
    const grantId = used?.payload['grantId']
    if (typeof grantId === 'string') await this.#records.revoke([grantId])
    throw new errors.InvalidGrant('it was used before')
  }

  destroy(id: string): Promise<void> {
    return this.#model === 'Grant' ? this.#records.revoke([id]) : this.#records.delete(this.#model, id)
  }

  revokeByGrantId(grantId: string): Promise<void> {
    return this.#records.revoke([grantId])
  }
}

/** Remembering is the check: the library's look beforehand finds nothing. */
class ReplayAdapter extends RecordAdapter {
  readonly #parts: AdapterParts

  constructor(model: string, parts: AdapterParts) {
    super(model, parts)
    this.#parts = parts
  }

  override async upsert(id: string): Promise<void> {
    const isNew = await this.#parts.records.remember(id, replaySeconds)
    if (!isNew) throw new errors.InvalidGrant('DPoP proof JWT Replay detected')
  }

  override async find(): Promise<undefined> {}
}

class ClientAdapter extends RecordAdapter {
  readonly #parts: AdapterParts

  constructor(parts: AdapterParts) {
    super('Client', parts)
    this.#parts = parts
  }

  override async upsert(id: string, payload: AdapterPayload): Promise<void> {
    const secret = payload['client_secret']
    const kept = { ...payload, ...(typeof secret === 'string' && { client_secret: secretHash(secret) }) }
    await super.upsert(id, kept, unusedClientSeconds)
  }

  override async find(id: string): Promise<AdapterPayload | undefined> {
    if (!isClientUrl(id)) return super.find(id)
    try {
      return { ...(await this.#parts.documents(id)) } as AdapterPayload
    } catch (error) {
      if (error instanceof XpodError && error.code === 'CLIENT_INVALID') {
        throw new errors.InvalidClient(error.message, { detail: error.message, cause: error })
      }
      throw error
    }
  }
}

/** Without what would open a session or an interaction again: nothing asks for it later. */
function storable(payload: Payload): Payload {
  const { returnTo: _, session, ...kept } = payload
  if (!isObject(session)) return session === undefined ? kept : { ...kept, session }
  const { cookie: __, ...named } = session
  return { ...kept, session: named }
}

export function secretHash(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

function payloadOf(record: Awaited<ReturnType<Records['find']>>): AdapterPayload | undefined {
  if (record === undefined) return undefined
  const { id, payload, consumed } = record
  return { ...payload, jti: id, ...(consumed !== undefined && { consumed }) } as AdapterPayload
}
