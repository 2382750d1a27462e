// What a caller sent: JSON for the API, a form for the pages, both bounded. Which of the two it is decides who answers, so a
// form is never taken for a call of the API, nor a text that a foreign site can send without asking for JSON (rule 14).

import { collect, KiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import type { HttpRequest } from '../../core/http/message.ts'

const maxBytes = 64 * KiB
const maxFields = 50

export type Form = ReadonlyMap<string, string>

export type Sent = { readonly kind: 'json'; readonly json: unknown } | { readonly kind: 'form'; readonly form: Form }

/** Throws MEDIA_TYPE_UNSUPPORTED, BODY_TOO_LARGE, BODY_INVALID. A body of no bytes that is no form is an empty JSON object. */
export async function readSent(request: HttpRequest): Promise<Sent> {
  const bytes = request.body === undefined ? Buffer.alloc(0) : await collect(request.body, maxBytes)
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded') return { kind: 'form', form: readForm(bytes) }
  if (bytes.length === 0) return { kind: 'json', json: {} }
  if (type !== 'application/json') throw new XpodError('MEDIA_TYPE_UNSUPPORTED', 'send application/json')
  try {
    return { kind: 'json', json: JSON.parse(bytes.toString()) as unknown }
  } catch (error) {
    throw new XpodError('BODY_INVALID', 'it is not JSON', { cause: error })
  }
}

/** Of two fields with one name the first counts. */
function readForm(bytes: Buffer): Form {
  const form = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(bytes.toString())) {
    if (form.size >= maxFields) throw new XpodError('BODY_INVALID', `more than ${maxFields} fields`)
    if (!form.has(name)) form.set(name, value)
  }
  return form
}
