// A commit on its way to the writer thread and its outcome on the way back. Structured cloning of nested objects costs more
// than the commit's own statements [measured: about 30 µs a commit], so all but the bytes of small bodies crosses as JSON.

import type { Change, Op, Outcome, StagedBody } from '../change.ts'
import type { CommitCall } from './writer/commit.ts'

/** JSON of the call, and the inline bodies that it refers to by their place. */
export type CommitLine = readonly [json: string, ...bodies: Uint8Array[]]

/** JSON of an Outcome, which holds no bytes. */
export type OutcomeLine = string

/** A body as it stands in the JSON. */
interface FlatBody {
  readonly size: number
  readonly sha256: string
  /** Place among the bodies of the line, or undefined for a blob. */
  readonly inline: number | undefined
  readonly blob: string | undefined
}

export function encodeCommit(call: CommitCall): CommitLine {
  const bodies: Uint8Array[] = []
  const flatten = (body: StagedBody): FlatBody => ({
    size: body.size,
    sha256: Buffer.from(body.sha256.buffer, body.sha256.byteOffset, body.sha256.length).toString('base64'),
    inline: body.inline === undefined ? undefined : bodies.push(body.inline) - 1,
    blob: body.blob,
  })
  const json = JSON.stringify({ ...call, change: { ...call.change, ops: mapBodies(call.change.ops, flatten) } })
  return [json, ...bodies]
}

export function decodeCommit([json, ...bodies]: CommitLine): CommitCall {
  const call = JSON.parse(json) as Omit<CommitCall, 'change'> & {
    change: Omit<Change, 'ops'> & { ops: readonly BodyOp<FlatBody>[] }
  }
  const restore = ({ size, sha256, inline, blob }: FlatBody): StagedBody => ({
    size,
    sha256: Buffer.from(sha256, 'base64'),
    inline: inline === undefined ? undefined : bodies[inline],
    blob,
  })
  return { ...call, change: { ...call.change, ops: mapBodies(call.change.ops, restore) as readonly Op[] } }
}

export function encodeOutcome(outcome: Outcome): OutcomeLine {
  return JSON.stringify(outcome)
}

export function decodeOutcome(line: OutcomeLine): Outcome {
  return JSON.parse(line) as Outcome
}

/** As much of an Op as this file looks at. */
interface BodyOp<Body> {
  readonly kind: Op['kind']
  readonly body?: Body | undefined
  readonly meta?: { readonly mediaType: string; readonly body: Body }
}

function mapBodies<From, To>(ops: readonly BodyOp<From>[], map: (body: From) => To): readonly BodyOp<To>[] {
  return ops.map((op) => ({
    ...op,
    body: op.body === undefined ? undefined : map(op.body),
    ...(op.meta === undefined ? {} : { meta: { ...op.meta, body: map(op.meta.body) } }),
  })) as readonly BodyOp<To>[]
}
