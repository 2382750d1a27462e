// Migration 1: pods and what they consist of. Shipped text: never edited, a change is a new migration. Every table with
// pod data begins its key with the pod's local integer and stands in podTables. The primary key of `resource` has the
// parent before the key: one B-tree finds a resource, lists a container in key order and makes /x and /x/ exclude each
// other, because a key has no trailing slash and determines its parent. Bodies lie apart, so that a listing reads rows only.

import type { Migration } from '../../../core/db/migrations.ts'

export const migration0001: Migration = {
  number: 1,
  name: 'pods',
  sql: `
CREATE TABLE node (
  id TEXT PRIMARY KEY,
  instance TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pod (
  pod INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT UNIQUE,
  base TEXT NOT NULL,
  aliases TEXT NOT NULL,
  owners TEXT NOT NULL,
  quota_bytes INTEGER NOT NULL,
  quota_resources INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE used_name (
  name TEXT PRIMARY KEY,
  id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pod_head (
  pod INTEGER PRIMARY KEY,
  node TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  state TEXT NOT NULL,
  seq INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  acl_seq INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  resources INTEGER NOT NULL,
  digest BLOB NOT NULL,
  floor_seq INTEGER NOT NULL,
  floor_mark INTEGER NOT NULL,
  pins INTEGER NOT NULL
) STRICT;

CREATE TABLE resource (
  pod INTEGER NOT NULL,
  parent TEXT NOT NULL,
  key TEXT NOT NULL,
  kind INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  child_seq INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  body INTEGER,
  blob TEXT,
  modified_ms INTEGER NOT NULL,
  d BLOB NOT NULL,
  PRIMARY KEY (pod, parent, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE body (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pod INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE feed (
  pod INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  op_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  bytes_delta INTEGER NOT NULL,
  acl_seq INTEGER NOT NULL,
  touched TEXT NOT NULL,
  parents TEXT NOT NULL,
  PRIMARY KEY (pod, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX feed_op ON feed (pod, op_id);

CREATE TABLE group_ref (
  pod INTEGER NOT NULL,
  document TEXT NOT NULL,
  acl TEXT NOT NULL,
  PRIMARY KEY (pod, document, acl)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_ref_acl ON group_ref (pod, acl);

CREATE TABLE stage (
  pod INTEGER NOT NULL,
  blob TEXT NOT NULL,
  node TEXT NOT NULL,
  instance TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  PRIMARY KEY (pod, blob)
) STRICT, WITHOUT ROWID;

CREATE TABLE garbage (
  pod INTEGER NOT NULL,
  ref TEXT NOT NULL,
  seq INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  PRIMARY KEY (pod, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX garbage_since ON garbage (since_ms);

CREATE TABLE feed_pin (
  pod INTEGER NOT NULL,
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  max_rows INTEGER NOT NULL,
  PRIMARY KEY (pod, name)
) STRICT, WITHOUT ROWID;
`,
}
