// Who is asking, as far as the request proved it.

export interface Agent {
  /** Absent for the public. */
  readonly webId?: string
  readonly clientId?: string
  readonly issuer?: string
  /** The Origin header, as sent. */
  readonly origin?: string
  /** Of a token of our own login provider: under which what was granted can be taken back (rule 9). */
  readonly grant?: string
}

/** Nobody in particular, from no web page. */
export const anonymous: Agent = Object.freeze({})

/** What an authenticator sees of a request. */
export interface Credentials {
  readonly method: string
  /** Absolute canonical URL of the target, without query. */
  readonly url: string
  readonly authorization: string | undefined
  /** The DPoP header; more than one is refused. */
  readonly dpop: string | string[] | undefined
  readonly origin: string | undefined
}

/**
 * Anonymous requests answer at once; tokens answer with a promise. Throws TOKEN_INVALID or PROOF_INVALID (401 with a
 * challenge, also on public resources), REPLAY_FULL (429).
 */
export interface Authenticator {
  authenticate(credentials: Credentials): Agent | Promise<Agent>
}
