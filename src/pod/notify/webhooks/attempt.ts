// One message to one webhook: Read is judged again, the message rendered with the state of now, signed as the sender of this
// server, and sent through the outgoing door. Says what became of it; keeps nothing and repeats nothing.

import { XpodError } from '../../../base/errors.ts'
import type { FetchDoor } from '../../../core/http/fetch-door.ts'
import type { PodRecord } from '../../store/resource.ts'
import type { Activity } from '../activity.ts'
import type { Channel } from '../channel.ts'
import type { Judge } from '../judge.ts'
import { renderMessage } from '../message.ts'
import type { Failure } from './back-off.ts'

export interface WebhookSigner {
  /** WebID of this server where it sends; its document names our issuer. */
  readonly sender: string
  /** Headers that prove a POST to this URL comes from `sender`: a token, and a proof that is good for one request. */
  sign(sendTo: string): Promise<{ readonly authorization: string; readonly dpop: string }>
}

export interface AttemptParts {
  readonly door: Pick<FetchDoor, 'post'>
  readonly signer: WebhookSigner
  readonly judge: Pick<Judge, 'mayRead' | 'stands' | 'stateOf'>
}

export type Attempt =
  | { readonly kind: 'delivered' }
  /** The subscriber may not read the topic now: it must not hear of it either. */
  | { readonly kind: 'withheld' }
  /** Its grant was taken back: the channel has no owner any more. */
  | { readonly kind: 'orphaned' }
  | ({ readonly kind: 'failed' } & Failure)

/** For name, connection, request and answer together. */
const timeoutMs = 10_000

/** Throws what is this server's own trouble, and the signal's reason. */
export async function attempt(
  { door, signer, judge }: AttemptParts,
  { pod, channel, activity }: { readonly pod: PodRecord; readonly channel: Channel; readonly activity: Activity },
  signal: AbortSignal,
): Promise<Attempt> {
  const { topic, subscriber, mediaType } = channel
  if (!(await judge.mayRead(pod, topic, subscriber, activity.ended))) {
    return { kind: (await judge.stands(subscriber)) ? 'withheld' : 'orphaned' }
  }
  const state = activity.type === 'Delete' ? undefined : await judge.stateOf(pod, topic)
  const body = Buffer.from(renderMessage(pod, activity, state, mediaType))
  const sendTo = channel.sendTo!
  const signed = await signer.sign(sendTo)
  try {
    const answer = await door.post(
      sendTo,
      { headers: { 'content-type': mediaType, ...signed }, body, timeoutMs },
      signal,
    )
    return judgeAnswer(answer.status, answer.headers['retry-after'])
  } catch (error) {
    if (signal.aborted || !(error instanceof XpodError)) throw error
    return { kind: 'failed', problem: error.detail, isGone: false, waitMs: 0 }
  }
}

function judgeAnswer(status: number, retryAfter: string | string[] | undefined): Attempt {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const isRedirect = status >= 300 && status < 400
  const problem = `it answers ${status}${isRedirect ? ', and redirects are not followed' : ''}`
  return { kind: 'failed', problem, isGone: status === 410, waitMs: secondsOf(retryAfter) * 1000 }
}

/** Only the form in seconds; a date is as good as nothing said. */
function secondsOf(retryAfter: string | string[] | undefined): number {
  return typeof retryAfter === 'string' && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : 0
}
