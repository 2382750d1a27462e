// The migrations of the pod store, in order, and the list of tables with pod data that delete, export, copy and move walk.

import type { Migration } from '../../../core/db/migrations.ts'
import { migration0001 } from './0001-pods.ts'
import { migration0003 } from './0003-contexts.ts'
import { migration0004 } from './0004-channels.ts'
import { migration0005 } from './0005-commit.ts'
import { migration0006 } from './0006-pod-life.ts'
import { migration0007 } from './0007-cluster.ts'
import { migration0008 } from './0008-changes.ts'

export const podMigrations: readonly Migration[] = [migration0001]

/** Those whose numbers come after the first of identity. */
export const laterPodMigrations: readonly Migration[] = [
  migration0003,
  migration0004,
  migration0005,
  migration0006,
  migration0007,
  migration0008,
]

/** Every table whose key begins with the pod's local integer; a test fails on one that is missing here. */
export const podTables = [
  'pod',
  'pod_head',
  'resource',
  'body',
  'feed',
  'group_ref',
  'stage',
  'garbage',
  'feed_pin',
  'channel',
] as const
