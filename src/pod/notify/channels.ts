// The channels of all pods in SQL: they survive restarts and every node sees them. Each call is one write or one read, so
// nothing here needs a lock; what caps allow is judged in the write that adds. A channel that has ended, or whose pod is being
// deleted, is as if gone to every reader, before and after its row is removed. Knows nothing of who may read what.

import assert from 'node:assert/strict'

import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Database, Row, SqlValue, Step } from '../../core/db/database.ts'
import type { PodId, Version } from '../store/resource.ts'
import type { Channel, ChannelMediaType, ChannelType, DeliveredChannel, Delivery } from './channel.ts'

export interface ChannelCaps {
  readonly perPod: number
  /**
   * Of one WebID in all pods, for webhooks and for the other types apart. Beyond it a webhook is refused; of the others the
   * oldest makes room, because pages that are loaded again and again leave theirs behind.
   */
  readonly perWebId: number
  /** Of those without a WebID, from one network address. */
  readonly perAddress: number
}

export interface ChannelFilter {
  readonly id?: string
  readonly pod?: PodId
  readonly webId?: string
  readonly type?: ChannelType
  readonly parked?: boolean
}

export interface ChannelPosition {
  readonly pod: PodId
  readonly id: string
  readonly position: Version
  /** Of a webhook with a rate: nothing is sent before. */
  readonly nextMs?: number
}

export interface ChannelStore {
  /** Durable when it resolves. Throws CHANNELS_FULL, which names the cap, and POD_UNKNOWN. */
  add(channel: Channel, caps: ChannelCaps): Promise<void>
  find(pod: PodId, id: string): Promise<DeliveredChannel | undefined>
  findBySecret(pod: PodId, secret: string): Promise<Channel | undefined>
  /** Keyset page by id. */
  list(filter: ChannelFilter, after: string | undefined, limit: number): Promise<readonly DeliveredChannel[]>
  /** False when there was none. */
  remove(pod: PodId, id: string): Promise<boolean>
  /** One write for many; never moves one backwards. What was delivered outdates the state that a subscriber gave. */
  moveTo(positions: readonly ChannelPosition[]): Promise<void>
  setDelivery(pod: PodId, id: string, delivery: Delivery): Promise<void>
  /** Removes at most `limit` channels that ended before; how many it removed. */
  expire(nowMs: number, limit: number): Promise<number>
}

const columns = [
  'pod',
  'id',
  'type',
  'topic',
  'web_id',
  'client_id',
  'issuer',
  'origin',
  'grant_id',
  'address',
  'secret',
  'send_to',
  'start_ms',
  'end_ms',
  'rate_ms',
  'media_type',
  'state',
  'created_ms',
  'seq',
  'mark',
  'failures',
  'failing_since_ms',
  'next_ms',
  'problem',
  'parked',
] as const

type ChannelRow = Row & {
  readonly pod_id: PodId
  readonly id: string
  readonly type: ChannelType
  readonly topic: string
  readonly web_id: string | null
  readonly client_id: string | null
  readonly issuer: string | null
  readonly origin: string | null
  readonly grant_id: string | null
  readonly address: string
  readonly secret: string
  readonly send_to: string | null
  readonly start_ms: number
  readonly end_ms: number
  readonly rate_ms: number
  readonly media_type: ChannelMediaType
  readonly state: string | null
  readonly created_ms: number
  readonly seq: number
  readonly mark: number
  readonly failures: number
  readonly failing_since_ms: number
  readonly next_ms: number
  readonly problem: string
  readonly parked: number
}

const maxListed = 500
/** Positions in one write. */
const maxMoves = 500
/** Every row there is: both dialects want a limit before an offset. */
const all = 1_000_000

/** Takes one value: the time before which a channel has ended. */
const selectLiving = `SELECT pod.id AS pod_id, ${columns
  .slice(1)
  .map((column) => `c.${column}`)
  .join(', ')} FROM channel c JOIN pod ON pod.pod = c.pod WHERE pod.name IS NOT NULL AND c.end_ms > ?`
const podOf = '(SELECT pod FROM pod WHERE id = ?)'
const insert = `INSERT INTO channel (${columns.join(', ')})
  SELECT pod${', ?'.repeat(columns.length - 1)} FROM pod WHERE id = ?`
/** Changes nothing; one row when the condition holds, and on PostgreSQL others that add to the pod wait until this write ends. */
const hold = 'UPDATE pod SET created_ms = created_ms WHERE id = ? AND name IS NOT NULL'
const podHasRoom = `${hold} AND (SELECT count(*) FROM channel c WHERE c.pod = pod.pod AND c.end_ms > ?) < ?`
const webIdHasRoom = `${hold} AND (SELECT count(*) FROM channel c
  WHERE c.web_id = ? AND c.type = 'WebhookChannel2023' AND c.end_ms > ?) < ?`
const addressHasRoom = `${hold} AND (SELECT count(*) FROM channel c
  WHERE c.web_id IS NULL AND c.address = ? AND c.end_ms > ?) < ?`
const makeRoom = `DELETE FROM channel WHERE id IN (SELECT id FROM channel
  WHERE web_id = ? AND type <> 'WebhookChannel2023' ORDER BY id DESC LIMIT ${all} OFFSET ?)`

/** `clock` tells which channels have ended. */
export function openChannelStore(db: Database, clock: Pick<Clock, 'nowMs'>): ChannelStore {
  async function select(conditions: string, args: readonly SqlValue[]): Promise<DeliveredChannel[]> {
    return (await db.read<ChannelRow>(`${selectLiving} ${conditions}`, [clock.nowMs(), ...args])).map(channelOf)
  }

  return {
    add: (channel, caps) => addChannel(db, clock.nowMs(), channel, caps),
    async find(pod, id) {
      const [found] = await select('AND pod.id = ? AND c.id = ?', [pod, id])
      return found
    },
    async findBySecret(pod, secret) {
      const [found] = await select("AND pod.id = ? AND c.secret = ? AND c.secret <> ''", [pod, secret])
      return found
    },
    list(filter, after, limit) {
      const { conditions, args } = conditionsOf(filter)
      const page = [...args, after ?? '', Math.min(limit, maxListed)]
      return select(`${conditions} AND c.id > ? ORDER BY c.id LIMIT ?`, page)
    },
    async remove(pod, id) {
      const removing = { query: `DELETE FROM channel WHERE pod = ${podOf} AND id = ?`, args: [pod, id] }
      return (await changes(db, [removing]))[0] === 1
    },
    async moveTo(positions) {
      for (let start = 0; start < positions.length; start += maxMoves) {
        await changes(db, positions.slice(start, start + maxMoves).map(moving))
      }
    },
    async setDelivery(pod, id, { failures, failingSinceMs, nextMs, problem, parked }) {
      const query = `UPDATE channel SET failures = ?, failing_since_ms = ?, next_ms = ?, problem = ?, parked = ?
        WHERE pod = ${podOf} AND id = ?`
      const args = [failures, failingSinceMs, nextMs, problem, parked ? 1 : 0, pod, id]
      await changes(db, [{ query, args }])
    },
    async expire(nowMs, limit) {
      const query = `DELETE FROM channel WHERE id IN
        (SELECT id FROM channel WHERE end_ms <= ? ORDER BY end_ms LIMIT ?)`
      return (await changes(db, [{ query, args: [nowMs, limit] }]))[0]!
    },
  }
}

async function addChannel(db: Database, nowMs: number, channel: Channel, caps: ChannelCaps): Promise<void> {
  const { pod, type, address } = channel
  const { webId } = channel.subscriber
  const steps: Step[] = [{ query: hold, args: [pod], expect: 1 }]
  /** By the number of their steps. */
  const full: string[] = []
  const guard = (what: string, cap: number, { query, args }: Step): void => {
    if (cap === Number.POSITIVE_INFINITY) return
    full[steps.length] = `${what} ${cap}`
    steps.push({ query, args: [...args, nowMs, cap], expect: 1 })
  }
  if (webId === undefined) {
    guard('one address may have', caps.perAddress, { query: addressHasRoom, args: [pod, address] })
  } else if (type === 'WebhookChannel2023') {
    guard('one WebID may have', caps.perWebId, { query: webIdHasRoom, args: [pod, webId] })
  } else if (caps.perWebId !== Number.POSITIVE_INFINITY) {
    steps.push({ query: makeRoom, args: [webId, Math.max(0, caps.perWebId - 1)] })
  }
  guard('the pod may have', caps.perPod, { query: podHasRoom, args: [pod] })
  steps.push({ query: insert, args: valuesOf(channel) })

  const written = await db.write(steps)
  if (written.ok) return
  const why = full[written.unmet]
  throw why === undefined ? new XpodError('POD_UNKNOWN') : new XpodError('CHANNELS_FULL', why)
}

/** In the order of the columns but the pod, whose id comes last. */
function valuesOf(channel: Channel): SqlValue[] {
  const { webId, clientId, issuer, origin, grant } = channel.subscriber
  return [
    channel.id,
    channel.type,
    channel.topic,
    webId ?? null,
    clientId ?? null,
    issuer ?? null,
    origin ?? null,
    grant ?? null,
    channel.address,
    channel.secret,
    channel.sendTo ?? null,
    channel.startMs,
    channel.endMs,
    channel.rateMs,
    channel.mediaType,
    channel.state ?? null,
    channel.createdMs,
    channel.position.seq,
    channel.position.mark,
    0,
    0,
    0,
    '',
    0,
    channel.pod,
  ]
}

function moving({ pod, id, position, nextMs = 0 }: ChannelPosition): Step {
  const query = `UPDATE channel SET seq = ?, mark = ?, state = NULL, next_ms = CASE WHEN next_ms < ? THEN ? ELSE next_ms END
    WHERE pod = ${podOf} AND id = ? AND seq < ?`
  return { query, args: [position.seq, position.mark, nextMs, nextMs, pod, id, position.seq] }
}

function conditionsOf({ id, pod, webId, type, parked }: ChannelFilter): { conditions: string; args: SqlValue[] } {
  const given: readonly (readonly [string, SqlValue | undefined])[] = [
    ['c.id', id],
    ['pod.id', pod],
    ['c.web_id', webId],
    ['c.type', type],
    ['c.parked', parked === undefined ? undefined : parked ? 1 : 0],
  ]
  const used = given.filter(([, value]) => value !== undefined)
  return {
    conditions: used.map(([column]) => `AND ${column} = ?`).join(' '),
    args: used.map(([, value]) => value!),
  }
}

function channelOf(row: ChannelRow): DeliveredChannel {
  return {
    id: row.id,
    pod: row.pod_id,
    type: row.type,
    topic: row.topic,
    subscriber: {
      ...(row.web_id === null ? {} : { webId: row.web_id }),
      ...(row.client_id === null ? {} : { clientId: row.client_id }),
      ...(row.issuer === null ? {} : { issuer: row.issuer }),
      ...(row.origin === null ? {} : { origin: row.origin }),
      ...(row.grant_id === null ? {} : { grant: row.grant_id }),
    },
    address: row.address,
    secret: row.secret,
    sendTo: row.send_to ?? undefined,
    startMs: row.start_ms,
    endMs: row.end_ms,
    rateMs: row.rate_ms,
    mediaType: row.media_type,
    state: row.state ?? undefined,
    createdMs: row.created_ms,
    position: { seq: row.seq, mark: row.mark },
    delivery: {
      failures: row.failures,
      failingSinceMs: row.failing_since_ms,
      nextMs: row.next_ms,
      problem: row.problem,
      parked: row.parked === 1,
    },
  }
}

/** Rows that each step changed. */
async function changes(db: Database, steps: readonly Step[]): Promise<readonly number[]> {
  const written = await db.write(steps)
  assert(written.ok)
  return written.changed
}
