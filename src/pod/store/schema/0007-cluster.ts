// Migration 7: several centers on one PostgreSQL (store rules 9, 12, 13). A node's row has its beat, by the clock of the
// database, and pods of a node that is dead are taken over here and nowhere else. Shipped text: never edited, a change is a
// new migration. A beat changes no column of a unique index: it never waits for commits, which hold the row's key; another
// run of the node does. SQLite has one center and needs none of it.

import type { Migration } from '../../../core/db/migrations.ts'

const beats = `
ALTER TABLE node SET (fillfactor = 10);
ALTER TABLE node ADD COLUMN beat bigint NOT NULL DEFAULT 0;
ALTER TABLE node ADD COLUMN beat_at timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE node ADD COLUMN started_at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE UNIQUE INDEX node_run ON node (id, instance);

CREATE FUNCTION xpod_era() RETURNS text LANGUAGE sql STABLE AS $xpod$
  SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
    (SELECT timeline_id FROM pg_control_checkpoint()), extract(epoch FROM pg_postmaster_start_time()))
$xpod$;
`

/**
 * Gives the pods that have another home now. None when the old node has beaten since it was seen, when its lease lasts by the
 * clock of this database, when this is not the server on which it was seen, or when the new home is itself replaced.
 */
const adopt = `
CREATE FUNCTION xpod_adopt(wanted json, old_node text, old_instance text, seen_beat bigint, seen_era text,
  new_node text, new_instance text, lease interval
) RETURNS TABLE (id text, epoch bigint) LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $xpod$
#variable_conflict use_column
BEGIN
  PERFORM 1 FROM node n WHERE n.id IN (old_node, new_node) ORDER BY n.id FOR NO KEY UPDATE;
  IF seen_era <> xpod_era()
    OR NOT EXISTS (SELECT FROM node n WHERE n.id = new_node AND n.instance = new_instance)
    OR NOT EXISTS (SELECT FROM node n WHERE n.id = old_node AND n.instance = old_instance AND n.beat = seen_beat
      AND n.beat_at < clock_timestamp() - lease)
  THEN
    RETURN;
  END IF;
  PERFORM 1 FROM pod_head h WHERE h.pod IN (
    SELECT p.pod FROM json_to_recordset(wanted) AS w(id text) JOIN pod p ON p.id = w.id
  ) ORDER BY h.pod FOR NO KEY UPDATE;
  RETURN QUERY UPDATE pod_head h SET node = new_node, epoch = h.epoch + 1
    FROM json_to_recordset(wanted) AS w(id text, epoch bigint) JOIN pod p ON p.id = w.id
    WHERE h.pod = p.pod AND h.node = old_node AND h.epoch = w.epoch AND h.state <> 'deleting'
    RETURNING p.id, h.epoch;
END
$xpod$;
`

export const migration0007: Migration = {
  number: 7,
  name: 'cluster',
  sql: '',
  postgres: `${beats}${adopt}`,
}
