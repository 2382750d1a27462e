// Migration 4: notification channels. Shipped text: never edited, a change is a new migration. They end by the index on their
// end, are counted for caps by narrow indexes, and move with their pod, position in its feed included. The secret is kept as
// it is, because whoever owns the channel may look it up again; it ends with the channel and gives nothing without Read.

import type { Migration } from '../../../core/db/migrations.ts'

const indexes = `
CREATE UNIQUE INDEX channel_id ON channel (id);
CREATE UNIQUE INDEX channel_secret ON channel (secret) WHERE secret <> '';
CREATE INDEX channel_end ON channel (end_ms);
CREATE INDEX channel_pod_end ON channel (pod, end_ms);
CREATE INDEX channel_web_id ON channel (web_id, id) WHERE web_id IS NOT NULL;
CREATE INDEX channel_address ON channel (address) WHERE web_id IS NULL;
`

export const migration0004: Migration = {
  number: 4,
  name: 'channels',
  sql: `
CREATE TABLE channel (
  pod INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  topic TEXT NOT NULL,
  web_id TEXT,
  client_id TEXT,
  issuer TEXT,
  origin TEXT,
  grant_id TEXT,
  address TEXT NOT NULL,
  secret TEXT NOT NULL,
  send_to TEXT,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  rate_ms INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  state TEXT,
  created_ms INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  failing_since_ms INTEGER NOT NULL,
  next_ms INTEGER NOT NULL,
  problem TEXT NOT NULL,
  parked INTEGER NOT NULL,
  PRIMARY KEY (pod, id)
) STRICT, WITHOUT ROWID;
${indexes}`,
  postgres: `
CREATE TABLE channel (
  pod bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  web_id text COLLATE "C",
  client_id text COLLATE "C",
  issuer text COLLATE "C",
  origin text COLLATE "C",
  grant_id text COLLATE "C",
  address text COLLATE "C" NOT NULL,
  secret text COLLATE "C" NOT NULL,
  send_to text COLLATE "C",
  start_ms bigint NOT NULL,
  end_ms bigint NOT NULL,
  rate_ms bigint NOT NULL,
  media_type text COLLATE "C" NOT NULL,
  state text COLLATE "C",
  created_ms bigint NOT NULL,
  seq bigint NOT NULL,
  mark bigint NOT NULL,
  failures bigint NOT NULL,
  failing_since_ms bigint NOT NULL,
  next_ms bigint NOT NULL,
  problem text COLLATE "C" NOT NULL,
  parked bigint NOT NULL,
  PRIMARY KEY (pod, id)
);
${indexes}`,
}
