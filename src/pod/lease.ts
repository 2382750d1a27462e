// The read lease as the protocol sees it (store rule 12): under it a home may answer from memory, because nobody else can have
// written meanwhile. It is looked at when a request asks for its home, and again after the last thing that it waited for.
// Where a database has only this center there is no lease, and nothing of this is in the way.

import { toXpodError, XpodError } from '../base/errors.ts'
import type { PodRequest, PodResponse } from './exchange.ts'

export interface ReadLease {
  /** 0 while it is not held; another number after each time that it was not held in between. */
  term(): number
}

type Answer = PodResponse | Promise<PodResponse>

/**
 * `perform` once more, from the start, when the lease was lost meanwhile. A write cannot be repeated, and what was done is
 * done; but what was refused by what memory said is no refusal any more.
 */
export function performUnder(lease: ReadLease, { method }: Pick<PodRequest, 'method'>, perform: () => Answer): Answer {
  const isRead = method === 'GET' || method === 'HEAD'
  const first = attempt(lease, perform)
  if (!(first instanceof Promise)) return first
  return first.then(({ answered, isValid }) => {
    if (isValid || (!isRead && !isRefused(answered))) return resultOf(answered)
    if (!isRead) throw lapsed()
    const second = attempt(lease, perform)
    return second instanceof Promise ? second.then(requireValid) : second
  })
}

type Answered = { readonly response: PodResponse } | { readonly error: unknown }

interface Attempt {
  readonly answered: Answered
  readonly isValid: boolean
}

/** Without a lease everything is read from the database, in the course of the request. */
function attempt(lease: ReadLease, perform: () => Answer): PodResponse | Promise<Attempt> {
  const term = lease.term()
  const answer = perform()
  if (!(answer instanceof Promise)) return answer
  const judged = (answered: Answered): Attempt => ({ answered, isValid: term === 0 || lease.term() === term })
  return answer.then(
    (response) => judged({ response }),
    (error: unknown) => judged({ error }),
  )
}

function isRefused(answered: Answered): boolean {
  return 'error' in answered && toXpodError(answered.error).status < 500
}

function requireValid({ answered, isValid }: Attempt): PodResponse {
  if (!isValid) throw lapsed()
  return resultOf(answered)
}

function resultOf(answered: Answered): PodResponse {
  if ('error' in answered) throw answered.error
  return answered.response
}

function lapsed(): XpodError {
  return new XpodError('POD_BUSY', 'its home was out of touch with the database')
}
