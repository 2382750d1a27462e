// Migration 8: what centers on one PostgreSQL tell each other, and which server it is. Each change of the directory leaves a
// line that every center reads within seconds, also of changes that an operator makes by hand; old lines are deleted by who
// reads them. A node's row says where its run is, so that a copy of its data directory is not taken for itself (store rule
// 9). Shipped text: never edited, a change is a new migration. SQLite has one center and needs none of it.

import type { Migration } from '../../../core/db/migrations.ts'

/**
 * The timeline of what is written now: that of the last checkpoint lags behind a promotion. Not every role may ask for the
 * name of the cluster; without it clusters are told apart by the rest.
 */
const server = `
CREATE FUNCTION xpod_timeline() RETURNS bigint LANGUAGE sql STABLE AS $xpod$
  SELECT CASE WHEN pg_is_in_recovery() THEN 0
    ELSE ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint END
$xpod$;

CREATE OR REPLACE FUNCTION xpod_era() RETURNS text LANGUAGE plpgsql STABLE AS $xpod$
DECLARE
  cluster text;
BEGIN
  BEGIN
    SELECT system_identifier::text INTO cluster FROM pg_control_system();
  EXCEPTION WHEN insufficient_privilege THEN
    cluster := '';
  END;
  RETURN concat_ws('/', cluster, xpod_timeline(), floor(extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint);
END
$xpod$;
`

const nodes = `
ALTER TABLE node ADD COLUMN place text NOT NULL DEFAULT '';
`

const changes = `
CREATE TABLE pod_change (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pod_id text COLLATE "C" NOT NULL,
  base text NOT NULL,
  at_ms bigint NOT NULL
);
CREATE INDEX pod_change_at ON pod_change (at_ms, number);

CREATE FUNCTION xpod_note_pod() RETURNS trigger LANGUAGE plpgsql AS $xpod$
BEGIN
  INSERT INTO pod_change (pod_id, base, at_ms)
    VALUES (NEW.id, NEW.base, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
  RETURN NULL;
END
$xpod$;
CREATE TRIGGER pod_changed AFTER INSERT OR UPDATE ON pod FOR EACH ROW EXECUTE FUNCTION xpod_note_pod();

CREATE FUNCTION xpod_note_head() RETURNS trigger LANGUAGE plpgsql AS $xpod$
BEGIN
  INSERT INTO pod_change (pod_id, base, at_ms)
    SELECT p.id, p.base, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM pod p WHERE p.pod = NEW.pod;
  RETURN NULL;
END
$xpod$;
CREATE TRIGGER pod_head_changed AFTER UPDATE OF node, state ON pod_head FOR EACH ROW
  WHEN (OLD.node IS DISTINCT FROM NEW.node OR OLD.state IS DISTINCT FROM NEW.state)
  EXECUTE FUNCTION xpod_note_head();
`

export const migration0008: Migration = {
  number: 8,
  name: 'changes',
  sql: '',
  postgres: `${server}${nodes}${changes}`,
}
