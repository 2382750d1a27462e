// May this subscriber read the topic now, and what does the topic look like? Asked again before each message is sent, because
// rights change while somebody listens (pitfall 49, rule 9). Answers at once when rules and resource are in memory.
//
// A grant of ours that was taken back silences whatever was subscribed with it, for good. Revocations are remembered for as
// long as tokens live and channels live longer, so the grant itself is looked up from time to time; between two look-ups the
// memory of revocations answers.

import { MiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import { ExpiringCache } from '../../core/cache/expiring.ts'
import { allows, type Authorizer, control, type Modes, read } from '../access/modes.ts'
import type { Agent } from '../auth/agent.ts'
import type { Entry, PodHomes } from '../home.ts'
import { auxiliaryOf, type Path, subjectOf } from '../path.ts'
import { etagOf } from '../resource/etag.ts'
import type { PodRecord, Version } from '../store/resource.ts'
import type { Subscriber } from './channel.ts'

/** Grants of the login provider that is part of this service. */
export interface Grants {
  /** From memory; knows what was taken back in the last hour. */
  isRevoked(grant: string): boolean
  /** Reads whether the grant is still there. */
  stands(grant: string): Promise<boolean>
}

export interface JudgeParts {
  readonly homes: PodHomes
  readonly authorizer: Authorizer
  readonly grants: Grants
  readonly clock: Clock
}

export interface Judge {
  /** By the rules in force now; of a deletion by those that went with the topic, when it had some of its own. */
  mayRead(pod: PodRecord, topic: Path, subscriber: Subscriber, ended?: string): boolean | Promise<boolean>
  /** False once the subscriber's grant was taken back: it will not come back. */
  stands(subscriber: Subscriber): boolean | Promise<boolean>
  /** The ETag that a GET without Accept answers; undefined when nothing is there. */
  stateOf(pod: PodRecord, topic: Path): string | undefined | Promise<string | undefined>
  /** Whether the topic may have changed after this version of its pod; true when nothing is there any more. */
  changedSince(pod: PodRecord, topic: Path, since: Version): Promise<boolean>
}

interface Asked {
  readonly pod: PodRecord
  readonly topic: Path
  readonly agent: Agent
  readonly ended: string | undefined
}

/** Less than what revocations are remembered for. */
const keepStandingMs = 20 * 60_000
const maxStanding = 100_000

export function createJudge(parts: JudgeParts): Judge {
  const { homes, authorizer, grants, clock } = parts
  const standing = new ExpiringCache<true>({
    clock,
    maxEntries: maxStanding,
    maxWeight: 16 * MiB,
    weigh: (grant) => 100 + grant.length,
  })

  function stands({ grant }: Subscriber): boolean | Promise<boolean> {
    if (grant === undefined) return true
    if (grants.isRevoked(grant)) return false
    if (standing.get(grant) !== undefined) return true
    return grants.stands(grant).then((isThere) => {
      if (isThere) standing.set(grant, true, keepStandingMs)
      // It may have been taken back while it was looked up.
      return isThere && !grants.isRevoked(grant)
    })
  }

  /** Rules are remembered with the home's state of them: the home is asked for first. */
  function isReader(asked: Asked): boolean | Promise<boolean> {
    const home = homes.of(asked.pod)
    return home instanceof Promise ? home.then(() => isGranted(asked)) : isGranted(asked)
  }

  function isGranted({ pod, topic, agent, ended }: Asked): boolean | Promise<boolean> {
    const wanted = auxiliaryOf(topic) === 'acl' ? control : read
    const modes =
      ended === undefined ? authorizer.modes(pod, subjectOf(topic), agent) : authorizer.modesUnder(pod, ended, agent)
    const judge = (granted: Modes): boolean => allows(granted, wanted)
    return modes instanceof Promise ? modes.then(judge) : judge(modes)
  }

  function entryOf(pod: PodRecord, topic: Path): Entry | Promise<Entry> {
    const home = homes.of(pod)
    if (home instanceof Promise) return home.then((known) => known.load(topic))
    return home.peek(topic) ?? home.load(topic)
  }

  return {
    stands,
    mayRead(pod, topic, subscriber, ended) {
      const isStanding = stands(subscriber)
      if (isStanding === false) return false
      const asked = { pod, topic, agent: agentOf(subscriber), ended }
      if (isStanding === true) return isReader(asked)
      return isStanding.then((still) => still && isReader(asked))
    },
    stateOf(pod, topic) {
      const entry = entryOf(pod, topic)
      return entry instanceof Promise ? entry.then((loaded) => stateIn(loaded, topic)) : stateIn(entry, topic)
    },
    async changedSince(pod, topic, since) {
      const { resource, meta } = await entryOf(pod, topic)
      if (resource?.path !== topic) return true
      return Math.max(resource.version.seq, resource.childSeq, meta?.version.seq ?? 0) > since.seq
    },
  }
}

function stateIn(entry: Entry, topic: Path): string | undefined {
  return entry.resource?.path === topic ? etagOf(entry) : undefined
}

function agentOf({ webId, clientId, issuer, origin }: Subscriber): Agent {
  return {
    ...(webId !== undefined && { webId }),
    ...(clientId !== undefined && { clientId }),
    ...(issuer !== undefined && { issuer }),
    ...(origin !== undefined && { origin }),
  }
}

/** A pod that is not here any more is nobody's to listen to. */
export function isGone(error: unknown): boolean {
  return isElsewhere(error) || (error instanceof XpodError && error.code === 'POD_UNKNOWN')
}

/** Another node tells its subscribers now. */
export function isElsewhere(error: unknown): boolean {
  return error instanceof XpodError && error.code === 'POD_ELSEWHERE'
}
