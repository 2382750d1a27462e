// The migrations of identity, in order; their numbers go on from those of the pod store.

import type { Migration } from '../../core/db/migrations.ts'
import { migration0002 } from './0002-identity.ts'

export const identityMigrations: readonly Migration[] = [migration0002]
