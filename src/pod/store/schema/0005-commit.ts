// Migration 5: the commit function of PostgreSQL (store rules 3 to 6); SQLite does the same in its writer thread. Shipped text:
// never edited, a change is a new migration. One call is one batch: pods are locked in order, then one statement judges and
// writes everything on a snapshot taken after the locks. What it is given is made by postgres/lines.ts and postgres/call.ts:
// `changes` in their order, and for each of them `lines`, what must stand at a key and what becomes of it.
//
// Joins between what was sent are nested loops over at most a few hundred rows. Tables are only named where the planner has no
// choice but one look into an index for each row that was sent: in subqueries with LIMIT (EXISTS may become a hash over the
// whole table, a join begin at the wrong end), by arrays of ids, and by ON CONFLICT. A plan made while a table was small
// stays right when it has grown; a growing feed once flipped one.

import type { Migration } from '../../../core/db/migrations.ts'

/** Settings of the function, by which plans stay what they are. */
const commitSettings = `
  SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
  SET enable_material = off SET enable_memoize = off SET enable_incremental_sort = off
  SET plan_cache_mode = force_generic_plan SET jit = off SET max_parallel_workers_per_gather = 0`

/** Of a resource (store rule 26), as digest.ts makes it; and halves of it, because only numbers have an aggregate of XOR. */
const digestFunctions = `
CREATE FUNCTION xpod_digest(key text, kind bigint, media_type text, sha256 bytea, modified_ms bigint, size bigint)
RETURNS bytea LANGUAGE sql STABLE AS $xpod$
  SELECT substring(sha256(convert_to(key, 'UTF8') || '\\x00'::bytea
    || convert_to(kind::text, 'UTF8') || '\\x00'::bytea
    || convert_to(media_type, 'UTF8') || '\\x00'::bytea
    || convert_to(encode(sha256, 'hex'), 'UTF8') || '\\x00'::bytea
    || convert_to(modified_ms::text, 'UTF8') || '\\x00'::bytea
    || convert_to(size::text, 'UTF8')) FROM 1 FOR 16)
$xpod$;

CREATE FUNCTION xpod_half(d bytea, start_at integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS $xpod$
  SELECT ('x' || encode(substring(d FROM start_at FOR 8), 'hex'))::bit(64)::bigint
$xpod$;
`

/** What was sent, and what stands there now. */
const sent = `
  change AS MATERIALIZED (
    SELECT c.*, h.seq AS head_seq, h.acl_seq AS head_acl, h.bytes, h.resources, h.pins, p.quota_bytes, p.quota_resources,
      f.seq AS known_seq, coalesce(h.node = this_node AND n.instance = this_instance AND h.epoch = c.epoch
        AND h.state = wanted_state, false) AS is_home
    FROM json_to_recordset(changes)
      AS c(ord bigint, pod bigint, op text, epoch bigint, mark bigint, agent text)
    LEFT JOIN LATERAL (SELECT * FROM pod_head o WHERE o.pod = c.pod LIMIT 1) h ON true
    LEFT JOIN LATERAL (SELECT * FROM pod o WHERE o.pod = c.pod LIMIT 1) p ON true
    LEFT JOIN LATERAL (SELECT * FROM node o WHERE o.id = h.node LIMIT 1) n ON true
    LEFT JOIN LATERAL (SELECT o.seq FROM feed o WHERE o.pod = c.pod AND o.op_id = c.op LIMIT 1) f ON true
  ),
  line AS MATERIALIZED (
    SELECT l.*, r.ctid AS was_at, r.kind AS was_kind, r.size AS was_size, r.media_type AS was_media,
      r.body AS was_body, r.blob AS was_blob, r.modified_ms AS was_ms, r.d AS was_d,
      l.allow & (1 << (coalesce(r.kind, -1) + 1)::integer) = 0
        OR l.seq IS NOT NULL AND (r.seq, r.mark) IS DISTINCT FROM (l.seq, l.mark)
        OR l.child_seq IS NOT NULL AND r.child_seq IS DISTINCT FROM l.child_seq
        OR l.acl_seq IS NOT NULL AND l.acl_seq IS DISTINCT FROM (SELECT h.acl_seq FROM pod_head h WHERE h.pod = l.pod)
        OR l.gone IS NOT NULL AND (SELECT true FROM resource child WHERE child.pod = l.pod AND child.parent = l.key
            AND child.kind < 2 AND child.name <> ALL (l.gone) LIMIT 1) IS NOT NULL AS is_unmet
    FROM json_to_recordset(lines) AS l(ord bigint, place bigint, pod bigint, key text, parent text, name text,
      allow integer, why text, at_path text, seq bigint, mark bigint, child_seq bigint, acl_seq bigint, gone text[],
      if_parent text, if_name text, if_there boolean,
      act text, rank bigint, kind bigint, media_type text, size bigint, sha256 text, start bigint, blob text, fills boolean,
      up_parent text, up_name text, top_parent text, top_name text)
    LEFT JOIN LATERAL (
      SELECT o.*, o.ctid FROM resource o WHERE o.pod = l.pod AND o.parent = l.parent AND o.name = l.name LIMIT 1
    ) r ON true
    WHERE l.if_name IS NULL OR l.if_there = ((SELECT true FROM resource o
      WHERE o.pod = l.pod AND o.parent = l.if_parent AND o.name = l.if_name LIMIT 1) IS NOT NULL)
  )`

/** What each change would do: 0 create, 1 update, 2 delete. */
const judging = `
  writ AS MATERIALIZED (
    SELECT w.*, w.key || CASE WHEN w.kind = 0 THEN '/' ELSE '' END AS path,
      w.size - w.old_size + 256 * (CASE w.did WHEN 0 THEN 1 WHEN 1 THEN 0 ELSE -1 END) AS grown,
      CASE w.did WHEN 1 THEN greatest(now_ms, w.was_ms + 1) ELSE now_ms END AS modified_ms
    FROM (
      SELECT l.ord, l.place, l.pod, l.key, l.parent, l.name, l.rank, l.sha256, l.start, l.blob, l.fills,
        l.up_parent, l.up_name, l.top_parent, l.top_name, l.was_at, l.was_body, l.was_blob, l.was_ms, l.was_d,
        CASE WHEN l.act = 'drop' THEN 2 WHEN l.was_kind IS NULL THEN 0 ELSE 1 END AS did,
        CASE WHEN l.act = 'drop' THEN l.was_kind ELSE l.kind END AS kind,
        CASE WHEN l.act = 'drop' THEN l.was_media ELSE l.media_type END AS media_type,
        CASE WHEN l.act = 'drop' THEN 0 ELSE l.size END AS size, coalesce(l.was_size, 0) AS old_size
      FROM line l
      WHERE l.act = 'put' OR l.act = 'make' AND l.was_kind IS NULL OR l.act = 'drop' AND l.was_kind IS NOT NULL
    ) w
  ),
  fault AS MATERIALIZED (
    SELECT DISTINCT ON (ord) ord, why, at_path FROM (
      SELECT ord, 0 AS tier, place, why, at_path FROM line WHERE is_unmet
      UNION ALL
      SELECT ord, 1, place, 'stage-lost', path FROM writ w WHERE blob IS NOT NULL AND did < 2
        AND (SELECT true FROM stage s WHERE s.pod = w.pod AND s.blob = w.blob LIMIT 1) IS NULL
    ) one ORDER BY ord, tier, place
  ),
  total AS MATERIALIZED (
    SELECT ord, sum(grown)::bigint AS grown, sum(CASE did WHEN 0 THEN 1 WHEN 1 THEN 0 ELSE -1 END) AS more,
      bool_and(grown <= 0 OR kind = 2) AS is_acl_only, (array_agg(path ORDER BY rank))[1] AS first_path,
      bool_or(kind = 2 OR kind = 1 AND (SELECT true FROM group_ref g
        WHERE g.pod = w.pod AND g.document = w.key LIMIT 1) IS NOT NULL) AS moves_acl
    FROM writ w GROUP BY ord
  ),
  weighed AS MATERIALIZED (
    SELECT c.*, f.why, f.at_path, coalesce(t.grown, 0) AS grown, coalesce(t.more, 0) AS more,
      coalesce(t.is_acl_only, true) AS is_acl_only, coalesce(t.moves_acl, false) AS moves_acl, t.first_path,
      c.known_seq IS NULL AND c.is_home AND f.ord IS NULL AS is_good
    FROM change c LEFT JOIN fault f ON f.ord = c.ord LEFT JOIN total t ON t.ord = c.ord
  )`

/**
 * Changes before this one in the batch count with all that they may add, so what fits here fits whatever became of them. The
 * first that may not fit, or that comes after one that alters ACLs or a document of a group, ends the pod's part of this
 * batch: it and what follows come again, and are judged on what is stored then.
 */
const verdicts = `
  fitting AS MATERIALIZED (
    SELECT e.*,
      NOT (e.grown > 0 AND e.bytes + e.bytes_before + e.grown
        > e.quota_bytes + CASE WHEN e.is_acl_only THEN 1048576 ELSE 0 END)
      AND (e.more <= 0 OR e.is_acl_only OR e.resources + e.more_before + e.more <= e.quota_resources) AS fits
    FROM (
      SELECT w.*,
        count(*) FILTER (WHERE is_good) OVER earlier AS good_before,
        coalesce(sum(greatest(grown, 0)) FILTER (WHERE is_good) OVER earlier, 0) AS bytes_before,
        coalesce(sum(greatest(more, 0)) FILTER (WHERE is_good) OVER earlier, 0) AS more_before,
        coalesce(bool_or(moves_acl) FILTER (WHERE is_good) OVER earlier, false) AS acl_moves_before
      FROM weighed w
      WINDOW earlier AS (PARTITION BY pod ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) e
  ),
  judged AS MATERIALIZED (
    SELECT cut.*, CASE
        WHEN cut.ord >= cut.cut_ord THEN 'again'
        WHEN cut.known_seq IS NOT NULL THEN 'known'
        WHEN NOT cut.is_home THEN 'moved'
        WHEN NOT cut.is_good THEN cut.why
        WHEN NOT cut.fits THEN 'quota'
        WHEN room_is_low AND cut.grown > 0 AND NOT cut.is_acl_only THEN 'full'
        ELSE 'ok' END AS verdict
    FROM (
      SELECT f.*, min(ord) FILTER (WHERE good_before > 0 AND (acl_moves_before OR is_good AND NOT fits))
        OVER (PARTITION BY pod) AS cut_ord
      FROM fitting f
    ) cut
  ),
  accepted AS MATERIALIZED (
    SELECT a.*, a.head_seq + a.nth AS seq,
      coalesce(a.head_seq + max(a.nth) FILTER (WHERE a.moves_acl) OVER (PARTITION BY a.pod ORDER BY a.ord), a.head_acl)
        AS acl_seq
    FROM (
      SELECT j.*, row_number() OVER (PARTITION BY pod ORDER BY ord) AS nth FROM judged j WHERE verdict = 'ok'
    ) a
  )`

/** What the accepted changes do, and what containers learn of it (rule 21): several of a batch add up in one row. */
const deeds = `
  done AS MATERIALIZED (
    SELECT d.*, CASE WHEN d.did < 2 THEN
        xpod_digest(d.key, d.kind, d.media_type, d.hash, d.modified_ms, d.size) END AS new_d
    FROM (
      SELECT w.*, a.seq, a.mark, a.pins, decode(coalesce(w.sha256, ''), 'hex') AS hash,
        CASE WHEN w.start IS NOT NULL AND w.did < 2 THEN nextval('body_id_seq') END AS body_id
      FROM accepted a JOIN writ w ON w.ord = a.ord
    ) d
  ),
  bump AS MATERIALIZED (
    SELECT n.*, CASE WHEN n.nth = 0 THEN n.was_ms ELSE greatest(now_ms, n.was_ms + 1) + n.nth - 1 END AS modified_ms,
      CASE WHEN n.parent = '.' THEN '' ELSE n.parent || '/' || n.name END AS key
    FROM (
      SELECT b.*, r.modified_ms AS was_ms, r.d AS was_d, r.seq AS own_seq, r.mark AS own_mark,
        count(*) FILTER (WHERE b.containment) OVER (PARTITION BY b.pod, b.parent, b.name ORDER BY b.ord) AS nth
      FROM (
        SELECT ord, pod, seq, parent, name, bool_or(containment) AS containment FROM (
          SELECT ord, pod, seq, up_parent AS parent, up_name AS name, did <> 1 AS containment
          FROM done WHERE up_parent IS NOT NULL
          UNION ALL
          SELECT ord, pod, seq, top_parent, top_name, false FROM done WHERE top_parent IS NOT NULL AND did <> 1
        ) one GROUP BY ord, pod, seq, parent, name
      ) b CROSS JOIN LATERAL (
        SELECT * FROM resource o WHERE o.pod = b.pod AND o.parent = b.parent AND o.name = b.name AND o.kind = 0 LIMIT 1
      ) r
    ) n
  ),
  bumped AS MATERIALIZED (
    SELECT b.*, CASE WHEN b.is_moved THEN xpod_digest(b.key, 0, '', ''::bytea, b.modified_ms, 0) ELSE b.was_d END AS new_d
    FROM (
      SELECT pod, parent, name, key, was_d, own_seq, own_mark, max(seq) AS child_seq, max(modified_ms) AS modified_ms,
        bool_or(containment) AS is_moved
      FROM bump GROUP BY pod, parent, name, key, was_d, own_seq, own_mark
    ) b
  ),
  entry AS MATERIALIZED (
    SELECT a.ord, a.pod, a.seq, a.mark, a.epoch, a.op, a.agent, a.grown, a.acl_seq,
      coalesce(t.touched, '[]') AS touched, coalesce(p.parents, '[]') AS parents
    FROM accepted a
    LEFT JOIN (
      SELECT ord, json_agg(json_build_array(path, did, kind, media_type, size, modified_ms) ORDER BY rank)::text AS touched
      FROM done GROUP BY ord
    ) t ON t.ord = a.ord
    LEFT JOIN (
      SELECT ord, json_agg(json_build_array(path, containment, modified_ms))::text AS parents FROM (
        SELECT ord, key || '/' AS path, CASE WHEN containment THEN 1 ELSE 0 END AS containment, modified_ms FROM bump
        UNION ALL
        SELECT ord, path, 1, modified_ms FROM done WHERE fills AND did = 0
      ) one GROUP BY ord
    ) p ON p.ord = a.ord
  )`

const writing = `
  stored AS (
    INSERT INTO resource (pod, parent, name, kind, seq, mark, child_seq, media_type, size, sha256, body, blob, modified_ms, d)
    SELECT pod, parent, name, kind, seq, mark, CASE WHEN fills THEN seq ELSE 0 END, media_type, size, hash, body_id, blob,
      modified_ms, new_d
    FROM done WHERE did < 2
    UNION ALL
    SELECT pod, parent, name, 0, own_seq, own_mark, child_seq, '', 0, ''::bytea, NULL, NULL, modified_ms, new_d FROM bumped
    ON CONFLICT (pod, parent, name) DO UPDATE SET seq = excluded.seq, mark = excluded.mark,
      child_seq = excluded.child_seq, media_type = excluded.media_type, size = excluded.size, sha256 = excluded.sha256,
      body = excluded.body, blob = excluded.blob, modified_ms = excluded.modified_ms, d = excluded.d
  ),
  deleted AS (
    DELETE FROM resource WHERE ctid = ANY (ARRAY(SELECT was_at FROM done WHERE did = 2))
  ),
  kept AS (
    INSERT INTO body (id, pod, bytes)
    SELECT body_id, pod, substring(bodies FROM (start + 1)::integer FOR size::integer) FROM done WHERE body_id IS NOT NULL
  ),
  freed AS (
    DELETE FROM body WHERE id = ANY (ARRAY(SELECT was_body FROM done WHERE did > 0 AND pins = 0))
  ),
  discarded AS (
    INSERT INTO garbage (pod, ref, seq, since_ms)
    SELECT pod, coalesce(was_blob, '#' || was_body), seq, now_ms
    FROM done WHERE did > 0 AND (was_blob IS NOT NULL OR was_body IS NOT NULL AND pins > 0)
  ),
  consumed AS (
    DELETE FROM stage WHERE pod = ANY (ARRAY(SELECT pod FROM done WHERE did < 2 AND blob IS NOT NULL))
      AND blob = ANY (ARRAY(SELECT blob FROM done WHERE did < 2)) RETURNING 1
  ),
  forgotten AS (
    DELETE FROM group_ref WHERE ctid = ANY (ARRAY(
      SELECT g.at FROM done w CROSS JOIN LATERAL (
        SELECT o.ctid AS at FROM group_ref o WHERE o.pod = w.pod AND o.acl = w.key OFFSET 0
      ) g WHERE w.kind = 2
    ))
  ),
  grouped AS (
    INSERT INTO group_ref (pod, document, acl)
    SELECT DISTINCT a.pod, g.document, g.acl
    FROM json_to_recordset(groups) AS g(ord bigint, document text, acl text) JOIN accepted a ON a.ord = g.ord
  ),
  summed AS MATERIALIZED (
    SELECT s.*, coalesce(x.upper_half, 0) AS upper_half, coalesce(x.lower_half, 0) AS lower_half
    FROM (
      SELECT pod, max(seq) AS seq, (array_agg(mark ORDER BY seq DESC))[1] AS mark, max(acl_seq) AS acl_seq,
        sum(grown)::bigint AS grown, sum(more)::bigint AS more
      FROM accepted GROUP BY pod
    ) s LEFT JOIN (
      SELECT pod, bit_xor(xpod_half(d, 1)) AS upper_half, bit_xor(xpod_half(d, 9)) AS lower_half FROM (
        SELECT pod, was_d AS d FROM done WHERE was_d IS NOT NULL
        UNION ALL SELECT pod, new_d FROM done WHERE new_d IS NOT NULL
        UNION ALL SELECT pod, was_d FROM bumped
        UNION ALL SELECT pod, new_d FROM bumped
      ) one GROUP BY pod
    ) x ON x.pod = s.pod
  ),
  headed AS (
    UPDATE pod_head h SET (seq, mark, acl_seq, bytes, resources, digest) = (
      SELECT s.seq, s.mark, s.acl_seq, h.bytes + s.grown, h.resources + s.more,
        int8send(xpod_half(h.digest, 1) # s.upper_half) || int8send(xpod_half(h.digest, 9) # s.lower_half)
      FROM summed s WHERE s.pod = h.pod
    ) WHERE h.pod = ANY (ARRAY(SELECT pod FROM summed))
  ),
  fed AS (
    INSERT INTO feed (pod, seq, mark, epoch, at_ms, op_id, agent, bytes_delta, acl_seq, touched, parents)
    SELECT pod, seq, mark, epoch, now_ms, op, agent, grown, acl_seq, touched, parents FROM entry
  )`

/** The one that judges and writes; a test looks at its plan. */
const commitStatement = `WITH ${[sent, judging, verdicts, deeds, writing].join(',')}
  SELECT (
      SELECT json_agg(json_build_array(j.verdict,
        CASE j.verdict WHEN 'moved' THEN '/' WHEN 'quota' THEN j.first_path ELSE j.at_path END,
        coalesce(e.seq, f.seq), coalesce(e.mark, f.mark), coalesce(e.acl_seq, f.acl_seq), coalesce(e.touched, f.touched),
        coalesce(e.parents, f.parents)) ORDER BY j.ord)::text
      FROM judged j LEFT JOIN entry e ON e.ord = j.ord
      LEFT JOIN LATERAL (SELECT * FROM feed o WHERE o.pod = j.pod AND o.seq = j.known_seq LIMIT 1) f ON true
    ), (SELECT count(*) FROM consumed) <> (SELECT count(*) FROM done WHERE blob IS NOT NULL AND did < 2)`

const commitParameters = `
  this_node text, this_instance text, wanted_state text, now_ms bigint, room_is_low boolean, pods bigint[], changes json,
  lines json, groups json, bodies bytea`

/**
 * The node's row is held too: a new run of it waits until this batch is over, and what comes after sees the new run. A staged
 * body that went between judging and writing fails the call with 40001: run again, it is refused as lost.
 */
const commitFunction = `
CREATE FUNCTION xpod_commit(${commitParameters}
) RETURNS text LANGUAGE plpgsql VOLATILE ${commitSettings} AS $xpod$
#variable_conflict use_column
DECLARE
  answer text;
  is_lost boolean;
BEGIN
  PERFORM 1 FROM node WHERE id = this_node FOR KEY SHARE;
  PERFORM 1 FROM pod_head WHERE pod = ANY (pods) ORDER BY pod FOR NO KEY UPDATE;
  ${commitStatement} INTO answer, is_lost;
  IF is_lost THEN
    RAISE EXCEPTION 'a staged body went' USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN answer;
END
$xpod$;
`

export const migration0005: Migration = {
  number: 5,
  name: 'commit',
  sql: '',
  postgres: `${digestFunctions}${commitFunction}`,
}
