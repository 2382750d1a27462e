// Every migration of a center, in the order of their numbers, whichever database holds its data.

import type { Migration } from '../../core/db/migrations.ts'
import { identityMigrations } from '../../identity/schema/migrations.ts'
import { laterPodMigrations, podMigrations } from '../../pod/store/schema/migrations.ts'

export const migrations: readonly Migration[] = [...podMigrations, ...identityMigrations, ...laterPodMigrations]
