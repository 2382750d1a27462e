// Migration 6: what PostgreSQL does of the life of a pod in functions, so that each is one transaction and one round trip:
// making it, sweeping its bodies, trimming its feed, emptying it, taking rows of another store. Shipped text: never edited, a
// change is a new migration. All keep the order of locks (store rule 5): pods by ascending id before their rows. None goes
// through a whole table: what was just deleted is still in it, and would be gone through again with every chunk.

import type { Migration } from '../../../core/db/migrations.ts'

/** Answers 'created', 'exists', 'reserved' or why the first change was refused; then nothing of it is stored. */
const create = `
CREATE FUNCTION xpod_create(new_pod json, reuse boolean, this_node text, this_instance text, now_ms bigint,
  room_is_low boolean, local_pod bigint, first_mark bigint, changes json, lines json, groups json, bodies bytea
) RETURNS text LANGUAGE plpgsql VOLATILE AS $xpod$
#variable_conflict use_column
DECLARE
  claimed text;
  living text;
  verdict text;
BEGIN
  IF EXISTS (SELECT FROM pod WHERE id = new_pod->>'id') THEN
    RETURN 'created';
  END IF;
  BEGIN
    INSERT INTO used_name (name, id) VALUES (new_pod->>'name', new_pod->>'id')
      ON CONFLICT (name) DO UPDATE SET id = used_name.id;
    SELECT u.id, p.id INTO claimed, living FROM used_name u LEFT JOIN pod p ON p.name = u.name
      WHERE u.name = new_pod->>'name';
    IF living IS NOT NULL THEN
      RETURN 'exists';
    END IF;
    IF claimed <> new_pod->>'id' AND NOT reuse THEN
      RETURN 'reserved';
    END IF;
    UPDATE used_name SET id = new_pod->>'id' WHERE name = new_pod->>'name';
    INSERT INTO pod (pod, id, name, base, aliases, owners, quota_bytes, quota_resources, created_ms)
    VALUES (local_pod, new_pod->>'id', new_pod->>'name', new_pod->>'base', new_pod->>'aliases', new_pod->>'owners',
      (new_pod->>'quotaBytes')::bigint, (new_pod->>'quotaResources')::bigint, (new_pod->>'createdMs')::bigint);
    INSERT INTO pod_head (pod, node, epoch, state, seq, mark, acl_seq, bytes, resources, digest, floor_seq, floor_mark, pins)
    VALUES (local_pod, this_node, 1, 'staging', 0, first_mark, 0, 0, 0, decode(repeat('00', 16), 'hex'), 0, first_mark, 0);
    verdict := xpod_commit(this_node, this_instance, 'staging', now_ms, room_is_low, ARRAY[local_pod], changes, lines,
      groups, bodies)::json->0->>0;
    IF verdict <> 'ok' THEN
      RAISE EXCEPTION USING ERRCODE = 'XP001';
    END IF;
    UPDATE pod_head SET state = 'active' WHERE pod = local_pod;
  EXCEPTION WHEN SQLSTATE 'XP001' THEN
    RETURN verdict;
  END;
  RETURN 'created';
END
$xpod$;
`

/** Pins are read under the lock that setting one takes: what is marked is pinned by nobody. */
const sweep = `
CREATE FUNCTION xpod_mark(now_ms bigint, before_ms bigint, max_rows integer)
RETURNS TABLE (pod bigint, ref text) LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $xpod$
#variable_conflict use_column
DECLARE
  due_pods bigint[];
BEGIN
  SELECT array_agg(DISTINCT one.pod) INTO due_pods FROM (
    SELECT g.pod FROM garbage g WHERE g.since_ms <= before_ms AND (g.since_ms = -1 OR NOT EXISTS
      (SELECT FROM feed_pin f WHERE f.pod = g.pod AND f.seq < g.seq AND f.until_ms > now_ms)) LIMIT max_rows
  ) one;
  PERFORM 1 FROM pod_head h WHERE h.pod = ANY (due_pods) ORDER BY h.pod FOR NO KEY UPDATE;
  RETURN QUERY WITH due AS MATERIALIZED (
    SELECT g.pod, g.ref, left(g.ref, 1) = '#' AS is_small FROM garbage g
    WHERE g.pod = ANY (due_pods) AND g.since_ms <= before_ms AND (g.since_ms = -1 OR NOT EXISTS
      (SELECT FROM feed_pin f WHERE f.pod = g.pod AND f.seq < g.seq AND f.until_ms > now_ms)) LIMIT max_rows
  ),
  freed AS (
    DELETE FROM body b USING due WHERE b.id = CASE WHEN due.is_small THEN substring(due.ref FROM 2)::bigint END
  ),
  removed AS (
    DELETE FROM garbage g USING due WHERE due.is_small AND g.pod = due.pod AND g.ref = due.ref
  ),
  marked AS (
    UPDATE garbage g SET since_ms = -1 FROM due WHERE NOT due.is_small AND g.pod = due.pod AND g.ref = due.ref
  )
  SELECT due.pod, due.ref FROM due WHERE NOT due.is_small;
END
$xpod$;
`

/** Looks at one pod of this node after the other until rows are trimmed; answers where to go on, or null at the end. */
const trim = `
CREATE FUNCTION xpod_trim(this_node text, after_pod bigint, now_ms bigint, min_ms bigint, min_rows bigint, max_ms bigint,
  max_rows integer
) RETURNS bigint LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $xpod$
#variable_conflict use_column
DECLARE
  head record;
  first_pinned bigint;
  last_seq bigint;
  trimmed integer;
  looked integer := 0;
BEGIN
  FOR head IN SELECT h.pod, h.floor_seq FROM pod_head h
    WHERE h.pod > after_pod AND h.node = this_node ORDER BY h.pod LIMIT max_rows
  LOOP
    looked := looked + 1;
    CONTINUE WHEN NOT EXISTS (
      SELECT FROM pod_head h JOIN feed f ON f.pod = h.pod AND f.seq = h.floor_seq + 1
      WHERE h.pod = head.pod AND (now_ms - f.at_ms > max_ms OR now_ms - f.at_ms > min_ms AND h.seq - f.seq >= min_rows)
    ) AND NOT EXISTS (SELECT FROM feed_pin f WHERE f.pod = head.pod);
    PERFORM 1 FROM pod_head h WHERE h.pod = head.pod FOR NO KEY UPDATE;
    DELETE FROM feed_pin f USING pod_head h
      WHERE h.pod = head.pod AND f.pod = h.pod AND (f.until_ms <= now_ms OR h.seq - f.seq > f.max_rows);
    IF FOUND THEN
      UPDATE pod_head SET pins = (SELECT count(*) FROM feed_pin f WHERE f.pod = head.pod) WHERE pod = head.pod;
    END IF;
    SELECT min(f.seq) INTO first_pinned FROM feed_pin f WHERE f.pod = head.pod;
    SELECT max(seq), count(*) INTO last_seq, trimmed FROM (
      SELECT o.seq, bool_and(o.may_go) OVER (ORDER BY o.seq) AS may_go FROM (
        SELECT f.seq, f.seq <= coalesce(first_pinned, f.seq) AND (now_ms - f.at_ms > max_ms
          OR now_ms - f.at_ms > min_ms AND h.seq - f.seq >= min_rows) AS may_go
        FROM pod_head h JOIN feed f ON f.pod = h.pod AND f.seq > h.floor_seq
        WHERE h.pod = head.pod ORDER BY f.seq LIMIT max_rows
      ) o
    ) one WHERE may_go;
    CONTINUE WHEN trimmed = 0;
    UPDATE pod_head h SET floor_seq = f.seq, floor_mark = f.mark FROM feed f
      WHERE h.pod = head.pod AND f.pod = h.pod AND f.seq = last_seq;
    DELETE FROM feed WHERE pod = head.pod AND seq <= last_seq;
    RETURN CASE WHEN trimmed = max_rows THEN head.pod - 1 ELSE head.pod END;
  END LOOP;
  RETURN CASE WHEN looked = max_rows THEN head.pod END;
END
$xpod$;
`

/** Empties one pod in state deleting, some rows a call; its blobs become garbage. True when there may be more to do. */
const empty = `
CREATE INDEX pod_head_deleting ON pod_head (pod) WHERE state = 'deleting';

CREATE FUNCTION xpod_empty(now_ms bigint, max_rows integer) RETURNS boolean LANGUAGE plpgsql VOLATILE
  SET enable_seqscan = off AS $xpod$
#variable_conflict use_column
DECLARE
  head record;
  rows_gone bigint;
  one_table text;
BEGIN
  SELECT h.pod, h.seq INTO head FROM pod_head h WHERE h.state = 'deleting'
    ORDER BY h.pod LIMIT 1 FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  WITH gone AS (
    DELETE FROM resource WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM resource r WHERE r.pod = head.pod LIMIT max_rows / 2))
    RETURNING body, blob
  ),
  freed AS (
    DELETE FROM body b USING gone WHERE b.id = gone.body
  ),
  discarded AS (
    INSERT INTO garbage (pod, ref, seq, since_ms)
    SELECT head.pod, blob, head.seq, now_ms FROM gone WHERE blob IS NOT NULL ON CONFLICT DO NOTHING
  )
  SELECT count(*) INTO rows_gone FROM gone;
  IF rows_gone > 0 THEN
    RETURN true;
  END IF;
  WITH gone AS (
    DELETE FROM stage WHERE ctid = ANY (ARRAY(SELECT s.ctid FROM stage s WHERE s.pod = head.pod LIMIT max_rows))
    RETURNING blob
  ),
  discarded AS (
    INSERT INTO garbage (pod, ref, seq, since_ms) SELECT head.pod, blob, 0, 0 FROM gone ON CONFLICT DO NOTHING
  )
  SELECT count(*) INTO rows_gone FROM gone;
  IF rows_gone > 0 THEN
    RETURN true;
  END IF;
  FOREACH one_table IN ARRAY ARRAY['feed', 'group_ref', 'feed_pin', 'channel'] LOOP
    EXECUTE format('DELETE FROM %I WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM %I t WHERE t.pod = $1 LIMIT $2))',
      one_table, one_table) USING head.pod, max_rows;
    GET DIAGNOSTICS rows_gone = ROW_COUNT;
    IF rows_gone > 0 THEN
      RETURN true;
    END IF;
  END LOOP;
  DELETE FROM pod_head WHERE pod = head.pod;
  DELETE FROM pod WHERE pod = head.pod;
  RETURN true;
END
$xpod$;
`

/** Put-if-newer by seq into a pod in state staging; the feed's floor rises with the pod's seq. */
const take = `
CREATE FUNCTION xpod_import(pod_id text, entries json, bodies bytea) RETURNS text LANGUAGE plpgsql VOLATILE
  SET enable_seqscan = off AS $xpod$
#variable_conflict use_column
DECLARE
  head record;
BEGIN
  SELECT h.pod, h.state INTO head FROM pod_head h
    WHERE h.pod = (SELECT p.pod FROM pod p WHERE p.id = pod_id) FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN 'unknown';
  END IF;
  IF head.state <> 'staging' THEN
    RETURN 'active';
  END IF;
  WITH newer AS MATERIALIZED (
    SELECT e.*, r.d AS was_d, r.size AS was_size, r.body AS was_body, decode(e.sha256, 'hex') AS hash,
      CASE WHEN e.start IS NOT NULL AND NOT e.deleted THEN nextval('body_id_seq') END AS body_id,
      CASE WHEN NOT e.deleted THEN
        xpod_digest(e.key, e.kind, e.media_type, decode(e.sha256, 'hex'), e.modified_ms, e.size) END AS new_d
    FROM (
      SELECT DISTINCT ON (s.parent, s.name) s.* FROM json_to_recordset(entries) AS s(place bigint, key text, parent text,
        name text, kind bigint, seq bigint, mark bigint, child_seq bigint, media_type text, size bigint, sha256 text,
        start bigint, blob text, modified_ms bigint, deleted boolean)
      ORDER BY s.parent, s.name, s.seq DESC, s.place DESC
    ) e LEFT JOIN resource r ON r.pod = head.pod AND r.parent = e.parent AND r.name = e.name
    WHERE r.seq IS NULL OR r.seq <= e.seq
  ),
  stored AS (
    INSERT INTO resource AS r
      (pod, parent, name, kind, seq, mark, child_seq, media_type, size, sha256, body, blob, modified_ms, d)
    SELECT head.pod, parent, name, kind, seq, mark, child_seq, media_type, size, hash, body_id, blob, modified_ms, new_d
    FROM newer WHERE NOT deleted
    ON CONFLICT (pod, parent, name) DO UPDATE SET kind = excluded.kind, seq = excluded.seq, mark = excluded.mark,
      child_seq = excluded.child_seq, media_type = excluded.media_type, size = excluded.size, sha256 = excluded.sha256,
      body = excluded.body, blob = excluded.blob, modified_ms = excluded.modified_ms, d = excluded.d
  ),
  removed AS (
    DELETE FROM resource r USING newer n
    WHERE n.deleted AND r.pod = head.pod AND r.parent = n.parent AND r.name = n.name
  ),
  freed AS (
    DELETE FROM body b USING newer n WHERE b.id = n.was_body
  ),
  kept AS (
    INSERT INTO body (id, pod, bytes)
    SELECT body_id, head.pod, substring(bodies FROM (start + 1)::integer FOR size::integer)
    FROM newer WHERE body_id IS NOT NULL
  ),
  summed AS MATERIALIZED (
    SELECT max(seq) AS seq, (array_agg(mark ORDER BY seq DESC))[1] AS mark,
      max(seq) FILTER (WHERE kind = 2) AS acl_seq,
      sum(CASE WHEN deleted THEN 0 ELSE size + 256 END - CASE WHEN was_d IS NULL THEN 0 ELSE was_size + 256 END)::bigint
        AS grown,
      sum(CASE WHEN deleted THEN 0 ELSE 1 END - CASE WHEN was_d IS NULL THEN 0 ELSE 1 END)::bigint AS more,
      coalesce(bit_xor(xpod_half(was_d, 1)), 0) # coalesce(bit_xor(xpod_half(new_d, 1)), 0) AS upper_half,
      coalesce(bit_xor(xpod_half(was_d, 9)), 0) # coalesce(bit_xor(xpod_half(new_d, 9)), 0) AS lower_half
    FROM newer HAVING count(*) > 0
  )
  UPDATE pod_head h SET seq = greatest(h.seq, s.seq), mark = CASE WHEN s.seq > h.seq THEN s.mark ELSE h.mark END,
    floor_seq = greatest(h.seq, s.seq), floor_mark = CASE WHEN s.seq > h.seq THEN s.mark ELSE h.mark END,
    acl_seq = greatest(h.acl_seq, s.acl_seq), bytes = h.bytes + s.grown, resources = h.resources + s.more,
    digest = int8send(xpod_half(h.digest, 1) # s.upper_half) || int8send(xpod_half(h.digest, 9) # s.lower_half)
  FROM summed s WHERE h.pod = head.pod;
  DELETE FROM feed WHERE pod = head.pod;
  RETURN 'done';
END
$xpod$;
`

export const migration0006: Migration = {
  number: 6,
  name: 'pod-life',
  sql: '',
  postgres: `${create}${sweep}${trim}${empty}${take}`,
}
