// JSON-LD contexts that do not travel with xpod (rule 13): fetched once, when a document that names them is written, and
// kept for good, so that what could be converted once can always be. At most 1 000 of 256 KiB are kept, and a document may
// name five, two deep. Reading a document never fetches. What cannot be fetched or kept is an unknown context as before.

import { KiB } from '../../../base/bytes.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { Database } from '../../../core/db/database.ts'
import type { Contexts } from './contexts.ts'
import { parseJson } from './json.ts'

export interface KeptContexts {
  /** Undefined when it is not kept. */
  find(url: string): Promise<object | undefined>
  /** As find, but fetches and keeps what is not kept yet. */
  learn(url: string): Promise<object | undefined>
}

export interface KeptContextsOptions {
  readonly db: Database
  /** Throws FETCH_REFUSED, FETCH_FAILED. */
  readonly fetch: (url: string, options: { accept: string; maxBytes: number }) => Promise<{ bytes: Uint8Array }>
  readonly log: Log
}

const maxKept = 1000
const maxPerDocument = 5
/** What a database can have in an index. */
const maxUrlLength = 2000
const maxDepth = 2
const wanted = { accept: 'application/ld+json, application/json;q=0.9', maxBytes: 256 * KiB }

export function openKeptContexts({ db, fetch, log }: KeptContextsOptions): KeptContexts {
  async function find(url: string): Promise<object | undefined> {
    const rows = await db.read<{ document: string }>('SELECT document FROM context WHERE url = ?', [bare(url)])
    return rows[0] && (JSON.parse(rows[0].document) as object)
  }

  async function keep(url: string, context: object): Promise<boolean> {
    const query = `INSERT INTO context (url, document) SELECT ?, ? WHERE (SELECT count(*) FROM context) < ${maxKept}
      ON CONFLICT (url) DO UPDATE SET document = excluded.document`
    const result = await db.write([{ query, args: [bare(url), JSON.stringify(context)] }])
    const isKept = result.ok && result.changed[0] === 1
    if (!isKept) log.warn('contexts.full', { url, kept: maxKept })
    return isKept
  }

  return {
    find,
    async learn(url) {
      const kept = await find(url)
      if (kept !== undefined || url.length > maxUrlLength) return kept
      try {
        const context = contextIn((await fetch(url, wanted)).bytes)
        return (await keep(url, context)) ? context : undefined
      } catch (error) {
        if (!(error instanceof XpodError) || !useless.has(error.code)) throw error
        log.debug('context.unusable', { url, error })
        return undefined
      }
    },
  }
}

const useless = new Set(['FETCH_REFUSED', 'FETCH_FAILED', 'BODY_INVALID'])

function bare(url: string): string {
  return url.replace(/#.*$/s, '')
}

/** Throws BODY_INVALID when it is no context document. */
function contextIn(bytes: Uint8Array): object {
  const value = parseJson(new TextDecoder().decode(bytes))
  if (Object.hasOwn(value, '@context')) return value
  throw new XpodError('BODY_INVALID', 'it has no @context')
}

/** Those that a document needs, as far as `find` has them. `firstUnknown` tells what it still needs beside those given. */
export async function gatherContexts(
  firstUnknown: (contexts: Contexts) => Promise<string | undefined>,
  find: (url: string) => Promise<object | undefined>,
): Promise<Contexts> {
  const contexts = new Map<string, object>()
  const depths = new Map<string, number>()
  while (contexts.size < maxPerDocument) {
    const url = await firstUnknown(contexts)
    const depth = url === undefined ? 0 : (depths.get(url) ?? 1)
    if (url === undefined || depth > maxDepth) break
    const context = await find(url)
    if (context === undefined) break
    contexts.set(url, context)
    for (const name of namedIn(context, url)) if (!depths.has(name)) depths.set(name, depth + 1)
  }
  return contexts
}

/** URLs of the contexts that a context document refers to. */
function namedIn(document: object, base: string): Set<string> {
  const names = new Set<string>()
  const waiting: object[] = [document]
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    for (const [key, value] of Object.entries(one)) {
      if (key === '@context' || key === '@import') {
        for (const name of [value].flat()) {
          if (typeof name === 'string' && URL.canParse(name, base)) names.add(new URL(name, base).href)
        }
      }
      if (typeof value === 'object' && value !== null) waiting.push(value)
    }
  }
  return names
}
