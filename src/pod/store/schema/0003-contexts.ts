// Migration 3: JSON-LD contexts that were fetched, by their URL. Shipped text: never edited, a change is a new migration. They
// belong to no pod: documents of many name the same ones.

import type { Migration } from '../../../core/db/migrations.ts'

export const migration0003: Migration = {
  number: 3,
  name: 'contexts',
  sql: `
CREATE TABLE context (
  url TEXT PRIMARY KEY,
  document TEXT NOT NULL
) STRICT;
`,
  postgres: `
CREATE TABLE context (
  url text COLLATE "C" PRIMARY KEY,
  document text NOT NULL
);
`,
}
